// npm run after-restore [-- --anyway]: run it after a database was restored from a backup, before anything else. Exits
// with 1 when something is wrong. docs/backup.md
import { parseArgs } from 'node:util';
import { verifyAudit, type AuditVerdict } from '../audit/index.ts';
import { ConfigError } from '../config.ts';
import type { RestoreReport } from '../restoring/index.ts';
import { loadEnvFile, StartError } from './environment.ts';
import { withTargetSystem } from './target-system.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';
import { commandLine } from '../lib/command-line.ts';

const most = 50;
const lostHere = [
  'progress, notes, corrected details, contacts, and documents released, recalled or deleted',
  'messages and staff notes, places on the wait-list, photos and CVs, and rules for documents',
  'choices about e-mails (whoever stopped a kind since gets it again), and calendar addresses: those that were replaced or ' +
    'switched off since work again',
  'which admin acted for whom, and all other rows of the audit log',
  'people invited, deactivated or moved, changed passwords and second steps: look through Users before you let them in',
  'attempts to book that failed in Acuity; whoever repeats a request with its old key is told that the time is taken',
];

loadEnvFile();
try {
  const { anyway } = readArguments();
  await withTargetSystem(async ({ services: { restoring, db, config } }) => {
    const others = await restoring.otherConnections();
    if (others > 0 && !anyway)
      throw new StartError(
        `${others} other connections to this database are open: stop web, workers and relay first, so that nothing is ` +
          `sent or cancelled meanwhile. If they are none of ours: ${commandLine('after-restore', '--anyway')}`,
      );
    const bar = progressBar('Reconciling');
    const report = await restoring.run((done, of) => bar.show(done, of));
    bar.done();
    tell(report, await verifyAudit(db, config.ENCRYPTION_KEYS));
  });
} catch (error) {
  if (!(error instanceof StartError || error instanceof ConfigError)) throw error;
  complain(error.message);
  process.exitCode = 1;
}

function readArguments(): { anyway: boolean } {
  try {
    const { values } = parseArgs({ options: { anyway: { type: 'boolean' } } });
    return { anyway: values.anyway ?? false };
  } catch (error) {
    throw new StartError(
      `${(error as Error).message.split('.')[0]}. Use: ${commandLine('after-restore', '[--anyway]')}`,
    );
  }
}

function tell(report: RestoreReport, audit: AuditVerdict): void {
  const { bookings, reconciliation, left, documents, attempts } = report;
  say(`The backup knows what happened until ${report.dataUntil.toISOString()}.`);
  say(
    `Sessions ended: ${report.sessions}; links to choose a password or an address withdrawn: ${report.links}`,
  );
  say(`E-mails that waited, now withheld: ${report.emails}; reminders taken for sent: ${report.reminders}`);
  say(`Bulk actions stopped: ${report.bulkActions}`);
  say(`Bookings brought back from Acuity: ${bookings.length}; nobody was mailed`);
  tellReconciliation(reconciliation);
  tellAudit(audit);

  const renamed = bookings.filter(({ hasOldReference }) => !hasOldReference);
  const unassigned = bookings.filter(({ hasReferrer }) => !hasReferrer);
  const open = attempts.filter(({ state }) => state === 'open');
  say('');
  say('What cannot be repaired from here:');
  list(
    renamed,
    'Bookings with a new reference (made in Acuity, which does not know ours)',
    (one) => `${one.reference} (appointment ${one.appointmentId})`,
  );
  list(
    unassigned,
    'Bookings without a referrer (assign them in the console, or invite the referrer again)',
    (one) => `${one.reference} (appointment ${one.appointmentId})`,
  );
  list(
    attempts.filter(({ state }) => state === 'failed'),
    'Attempts under way that came to nothing in Acuity (nobody was told now)',
    (one) => `${one.kind} of ${one.reference}`,
  );
  list(
    open,
    'Attempts under way that are still open (a worker settles them once Acuity answers)',
    (one) => `${one.kind} of ${one.reference}`,
  );
  list(
    left,
    'Differences from Acuity that are left',
    (one) => `appointment ${one.appointmentId}: ${one.difference}. ${one.reason ?? ''}`,
  );
  if (documents) {
    list(
      documents.unknown,
      'Files in the bucket that belong to no document (uploaded since the backup; kept, under strays/ after a day: ' +
        'ask who uploaded then to do so again)',
      ({ key, size, lastModified }) => `${key}, ${size} bytes, ${lastModified.toISOString()}`,
    );
    list(
      documents.missing,
      'Documents without their bytes (put them back from an older version of the object)',
      ({ documentId, bookingId }) => `document ${documentId} of booking ${bookingId}`,
    );
  }
  say('  What was done here alone since the backup, and only people know:');
  for (const lost of lostHere) say(`    ${lost}`);
}

function list<T>(items: readonly T[], what: string, show: (item: T) => string): void {
  if (items.length === 0) return;
  say(`  ${what}: ${items.length}`);
  for (const item of items.slice(0, most)) say(`    ${show(item)}`);
  if (items.length > most) say(`    and ${items.length - most} more`);
}

function tellReconciliation(report: RestoreReport['reconciliation']): void {
  if (report?.state === 'done') {
    say(
      `Acuity and we were compared from ${report.from} to ${report.to}: ${report.found} differences, ${report.fixed} put right`,
    );
    return;
  }
  complain(
    report
      ? `Acuity and we could not be compared to the end (${report.lastError ?? 'unknown'}): run ${commandLine('after-restore')} again`
      : `Another reconciliation is under way: run ${commandLine('after-restore')} again when it is over`,
  );
  process.exitCode = 1;
}

function tellAudit({ seals, rows, unsealed, faults }: AuditVerdict): void {
  say(
    `The audit log: ${rows} rows under ${seals} seals, ${unsealed} not sealed yet. Seals made since the backup are gone with ` +
      'their rows: compare with the last line of audit:verify (rows and seals) that you keep elsewhere',
  );
  if (faults.length === 0) return;
  complain(`${faults.length} seals of the audit log do not fit: ${commandLine('audit:verify')} says which`);
  process.exitCode = 1;
}
