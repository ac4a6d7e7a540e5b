// Tells staff by e-mail of bookings without a referrer and of messages of referrers that wait for them: every quarter of an
// hour at most, and once of each.
import { countUnassigned, needsReferrer } from '../bookings/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { claimUnanswered } from './email.messages.ts';
import { writeStaffEmails, type StaffReader } from './email.outbox.ts';
import { deliveriesOf } from './email.preferences.ts';
import type { Links, Message, StaffEmail } from './email.ts';

type DigestKind = 'unassigned_bookings' | 'messages_unanswered';

export interface StaffDigest {
  /** Writes one digest when something is new, and returns how much is. Safe to run twice at once. */
  write(): Promise<number>;
}

interface DigestDeps {
  db: Database;
  jobs: JobQueue;
  ids: Ids;
  clock: Clock;
}

export function createUnassignedDigest(deps: DigestDeps): StaffDigest {
  return createDigest(deps, 'unassigned_bookings', claimNew);
}

export function createUnansweredDigest(deps: DigestDeps): StaffDigest {
  return createDigest(deps, 'messages_unanswered', claimUnanswered);
}

/** @param claim marks what is new as told in this digest, and returns how much that is */
function createDigest(
  deps: DigestDeps,
  kind: DigestKind,
  claim: (trx: Transaction, digestId: string, now: Date) => Promise<number>,
): StaffDigest {
  return {
    write: () =>
      deps.db.transaction(async (trx) => {
        const readers = await digestReaders(trx, kind);
        // When there is nobody to tell, it stays new for a later digest.
        if (readers.length === 0) return 0;
        const digestId = deps.ids.uuid();
        const newCount = await claim(trx, digestId, deps.clock.now());
        if (newCount > 0) await writeStaffEmails(trx, deps, readers, { kind, digest_id: digestId }, digestId);
        return newCount;
      }),
  };
}

/**
 * Skips examinations that are over. A second worker waits here for the first one's transaction, and then finds nothing
 * to claim.
 */
async function claimNew(trx: Transaction, digestId: string, now: Date): Promise<number> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into unassigned_notices (booking_id, digest_id)
     select b.id, :digestId from bookings b
     where ${needsReferrer('b', ':now')} and b.starts_at + b.duration_minutes * interval '1 minute' > :now
       and not exists (select from unassigned_notices n where n.booking_id = b.id)
     order by b.id
     on conflict do nothing returning booking_id`,
    { digestId, now },
  );
  return rows.length;
}

/** Support staff; if none of them wants this kind, admins. */
async function digestReaders(trx: Transaction, kind: DigestKind): Promise<StaffReader[]> {
  for (const role of ['support', 'admin'] as const) {
    const staff = await trx('users').where({ role, banned: false }).orderBy('id').select('id', 'email');
    const deliveries = await deliveriesOf(
      trx,
      kind,
      staff.map(({ id }) => id),
    );
    const readers = staff.filter(({ id }) => deliveries.get(id) !== 'off');
    if (readers.length > 0) return readers;
  }
  return [];
}

export async function unassignedMessage(
  db: Queryable,
  email: StaffEmail,
  links: Links,
  now: Date,
): Promise<Omit<Message, 'footer'>> {
  const [row] = await db('unassigned_notices').where('digest_id', email.digest_id).count({ n: '*' });
  const count = Number(row?.n ?? 0);
  const waiting = await countUnassigned(db, now);
  const isOne = count === 1;
  return {
    subject: isOne
      ? 'A booking from Acuity needs a referrer'
      : `${count} bookings from Acuity need a referrer`,
    heading: isOne ? 'A booking needs a referrer' : 'Bookings need a referrer',
    paragraphs: [
      waiting === 0
        ? 'All of them have been assigned since. There is nothing left to do.'
        : `Acuity does not say which referrer ${isOne ? 'it belongs' : 'they belong'} to. No confirmation is sent until staff assign ${isOne ? 'it' : 'them'}.`,
    ],
    facts: [
      { label: 'New since the last message', value: String(count) },
      { label: 'Unassigned now', value: String(waiting) },
    ],
    action: { label: 'Assign bookings', href: links.bookingsWithoutReferrer() },
  };
}
