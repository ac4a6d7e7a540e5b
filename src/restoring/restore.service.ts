// A database that was restored from a backup stands beside a newer Acuity and a newer bucket. What has to be done before
// any process works on it, and what of the time since the backup nobody can bring back
// (docs/decisions/0024-after-a-restore.md).
import { endAllAccess } from '../accounts/index.ts';
import { markOpenAsCalled, type Settlement } from '../attempts/index.ts';
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { DocumentCare, Inventory } from '../documents/index.ts';
import { withholdQueued } from '../email/index.ts';
import type { Ids } from '../ports/ids.ts';
import { abandonRuns, type SyncService, type DriftReport } from '../sync/index.ts';

export interface RestoredBooking {
  bookingId: string;
  reference: string;
  appointmentId: number;
  /** Acuity held its reference. Else it has a new one: it was made in Acuity. */
  hasOldReference: boolean;
  hasReferrer: boolean;
}

export interface RestoreReport {
  /** What happened between these two is lost, but for what Acuity and the bucket tell. */
  dataUntil: Date;
  restoredAt: Date;
  sessions: number;
  links: number;
  /** Messages that waited when the backup was made: withheld. */
  emails: number;
  /** Reminders that fell due since: taken for sent. */
  reminders: number;
  /** Attempts that were under way when the backup was made, and what became of them. */
  attempts: { reference: string; kind: string; state: string }[];
  /** Null: another reconciliation is under way. */
  reconciliation: DriftReport | null;
  /** That the backup did not have. */
  bookings: RestoredBooking[];
  /** Differences from Acuity that people have to decide. */
  left: { appointmentId: number; bookingId: string | null; difference: string; reason: string | null }[];
  /** Null: there is no file store. */
  documents: Inventory | null;
}

export interface Restoring {
  /** How many others are connected to this database. */
  otherConnections(): Promise<number>;
  /** Mails nobody. Safe to repeat: one that died half way is taken up where it was. */
  run(onProgress?: (doneDays: number, ofDays: number) => void): Promise<RestoreReport>;
}

export interface RestoringDeps {
  db: Database;
  audit: AuditLog;
  ids: Ids;
  sync: SyncService;
  /** Announces to nobody. */
  settlement: Settlement;
  documents: Pick<DocumentCare, 'takeInventory'>;
}

export function createRestoring(deps: RestoringDeps): Restoring {
  const { db, sync, settlement, documents } = deps;
  return {
    async otherConnections() {
      const { rows } = await db.raw<{ rows: [{ n: string }] }>(
        `select count(*) as n from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and usename is not null`,
      );
      return Number(rows[0].n);
    },

    async run(onProgress) {
      const begun = await db.transaction((trx) => begin(deps, trx));
      const { restoreId, attempts, ...done } = begun;
      for (const id of attempts) await settlement.settle(id);
      const reconciliation = await sync.reconcile(
        { ...sync.spans().all, fixes: true, tellsNobody: true },
        onProgress,
      );
      const report: RestoreReport = {
        ...done,
        attempts: await attemptsAmong(db, attempts),
        reconciliation,
        bookings: await broughtBack(db, done.restoredAt),
        left: reconciliation ? await leftIn(db, reconciliation.id) : [],
        documents: await documents.takeInventory(),
      };
      // Else whoever runs it again goes on with this one.
      if (reconciliation?.state === 'done')
        await db('restores')
          .where({ id: restoreId })
          .update({ finished_at: db.raw('clock_timestamp()') });
      return report;
    },
  };
}

/** Numbers of the audit log that were given away since the backup are not given away again. */
const skippedAuditIds = 100_000;

async function begin({ audit, ids }: RestoringDeps, trx: Transaction) {
  const restore = await startRestore(trx, ids.uuid());
  const access = await endAllAccess(trx);
  const mail = await withholdQueued(trx);
  await abandonRuns(trx);
  const attempts = await markOpenAsCalled(trx);
  if (restore.isNew)
    await trx.raw(
      `select max(nextval(pg_get_serial_sequence('audit_log', 'id'))) from generate_series(1, ?::int)`,
      [skippedAuditIds],
    );
  await audit.record(trx, systemActor, {
    action: 'record.changed',
    resourceType: 'restore',
    resourceId: restore.id,
    metadata: { dataUntil: restore.dataUntil.toISOString(), ...access, ...mail, attempts: attempts.length },
  });
  const { id: restoreId, dataUntil, restoredAt } = restore;
  return { restoreId, dataUntil, restoredAt, ...access, ...mail, attempts };
}

/** One that was not finished goes on: its own audit row would look like the newest that the backup knows. */
async function startRestore(
  trx: Transaction,
  id: string,
): Promise<{ id: string; dataUntil: Date; restoredAt: Date; isNew: boolean }> {
  await trx.raw('lock table restores in share row exclusive mode');
  const begun = (await trx('restores').whereNull('finished_at').orderBy('started_at', 'desc').first()) as
    | Row
    | undefined;
  if (begun) return { id: begun.id, dataUntil: begun.data_until, restoredAt: begun.started_at, isNew: false };
  const [row] = (await trx('restores')
    .insert({ id, data_until: trx.raw('coalesce((select max(at) from audit_log), clock_timestamp())') })
    .returning('*')) as Row[];
  if (!row) throw new Error('The restore could not be written down');
  return { id, dataUntil: row.data_until, restoredAt: row.started_at, isNew: true };
}

interface Row {
  id: string;
  data_until: Date;
  started_at: Date;
}

async function attemptsAmong(db: Database, ids: readonly string[]): Promise<RestoreReport['attempts']> {
  return await db('booking_attempts')
    .whereIn('id', ids)
    .orderBy('created_at')
    .select('reference', 'kind', 'state');
}

/** What reconciliation made since; whether with the reference that it had stands in its audit row. */
async function broughtBack(db: Database, since: Date): Promise<RestoredBooking[]> {
  const { rows } = await db.raw<{ rows: RestoredBooking[] }>(
    `select b.id as "bookingId", b.reference, b.acuity_appointment_id as "appointmentId",
            coalesce((a.metadata ->> 'keptReference')::boolean, false) as "hasOldReference",
            b.created_by_id is not null as "hasReferrer"
     from audit_log a join bookings b on b.id::text = a.resource_id
     where a.action = 'booking.created' and a.resource_type = 'booking' and a.at >= ?
       and a.metadata ->> 'source' = 'reconciliation'
     order by b.starts_at, b.id`,
    [since],
  );
  return rows;
}

async function leftIn(db: Database, reportId: string): Promise<RestoreReport['left']> {
  const { rows } = await db.raw<{ rows: RestoreReport['left'] }>(
    `select appointment_id as "appointmentId", booking_id as "bookingId", difference, reason
     from drift_items where report_id = ? and state = 'left' order by appointment_id, difference`,
    [reportId],
  );
  return rows;
}
