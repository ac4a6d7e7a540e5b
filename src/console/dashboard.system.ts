// Notices about the system itself, shown above everything else that needs attention.
import type { Role } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { liveWorkers } from '../db/signs-of-life.ts';
import { lastReconciled } from '../sync/index.ts';
import { askedFor, notice, type Attention } from './dashboard.attention.ts';

/** A reconciliation is due every quarter of an hour. */
const reconcileLateMs = 3_600_000;

export async function systemNotices(db: Database, role: Role, now: Date): Promise<Attention[]> {
  const told = (label: string, href: string, repair: string): Attention[] => [
    role === 'admin' ? notice(label, href, repair) : askedFor(label, null, 'Ask an admin to look'),
  ];
  const { jobs } = await liveWorkers(db);
  // Without a worker nothing is reconciled either; one notice is enough.
  if (jobs === 0)
    return told(
      'No worker is running: e-mails and changes from Acuity are held up',
      '/admin/doctor',
      'Check the system',
    );
  const since = await uncomparedSince(db);
  const lateMs = since ? now.getTime() - since.getTime() : 0;
  if (lateMs < reconcileLateMs) return [];
  const page = '/admin/resources/drift-reports/actions/reconcile';
  return told(`Not compared with Acuity for ${inWords(lateMs)}`, page, 'Reconcile now');
}

/** Since the last reconciliation; before the first, since the oldest booking was made. Null: no bookings. */
async function uncomparedSince(db: Database): Promise<Date | null> {
  const { rows } = await db.raw<{ rows: [{ since: Date | null }] }>(
    `select coalesce(${lastReconciled()}, (select created_at from bookings order by created_at limit 1)) as since`,
  );
  return rows[0].since;
}

function inWords(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours === 1 ? 'an hour' : `${hours} hours`;
}
