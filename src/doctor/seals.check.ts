import { verifyRecentSeals, type RecentSeals } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { commandLine } from '../lib/command-line.ts';
import type { Keyring } from '../lib/keyring.ts';
import type { Clock } from '../ports/clock.ts';
import { ok, warning, wrong, type Check, type Line } from './check.ts';

export interface SealsCheckDeps {
  db: Database;
  /** ENCRYPTION_KEYS */
  keyring: Keyring;
  clock: Clock;
  /** For workers, in the console. */
  jobsPage: string;
}

/** A worker seals every minute. */
const lateMinutes = 10;

export function sealsCheck({ db, keyring, clock, jobsPage }: SealsCheckDeps): Check {
  return {
    id: 'audit_seals',
    title: 'Audit seals',
    run: async () => sealLines(await verifyRecentSeals(db, keyring), clock.now(), jobsPage),
  };
}

const verify = {
  text: 'Have the whole log verified, and keep its output',
  command: commandLine('audit:verify'),
};

export function sealLines(found: RecentSeals, now: Date, jobsPage: string): Line[] {
  const { lastSealedAt, faults, hasKey, rows } = found;
  const lines: Line[] = [ageLine(found, now, jobsPage)];
  if (!hasKey)
    lines.push(
      wrong(
        'The last seal was made with a key that ENCRYPTION_KEYS does not name',
        'The audit log cannot be verified, and two processes may be sealing with different keys.',
        'Give all processes the same ENCRYPTION_KEYS, the old keys after the new one: new:…,old:…',
      ),
    );
  const broken = faults.filter(({ fault }) => hasKey || fault !== 'unknown_key');
  if (broken.length > 0)
    lines.push(
      wrong(
        `${broken.length} of the recent seals ${broken.length === 1 ? 'does' : 'do'} not fit the audit log`,
        'Rows were changed, removed or added after they were sealed.',
        verify,
      ),
    );
  else if (lastSealedAt && hasKey) lines.push(ok(`The recent seals fit the audit log (${rows} rows)`));
  return lines;
}

function ageLine({ lastSealedAt, unsealedSince }: RecentSeals, now: Date, jobsPage: string): Line {
  const minutes = unsealedSince ? Math.floor((now.getTime() - unsealedSince.getTime()) / 60_000) : 0;
  if (minutes > lateMinutes)
    return warning(
      `Rows of the audit log wait for their seal for ${minutes} minutes`,
      'Until it is sealed, a changed row does not show. A worker seals every minute.',
      {
        text: 'Start a worker, or look for a failed job seal_audit',
        command: 'node src/worker.ts',
        page: jobsPage,
      },
    );
  if (!lastSealedAt) return ok('Nothing has to be sealed yet');
  const age = Math.floor((now.getTime() - lastSealedAt.getTime()) / 60_000);
  return ok(`Everything is sealed; the last seal is ${age === 1 ? 'one minute' : `${age} minutes`} old`);
}
