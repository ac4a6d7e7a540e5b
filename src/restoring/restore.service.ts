// Brings a database that was restored from a backup up to date with Acuity and the bucket, which are newer, before any
// process works on it; reports what is lost (docs/decisions/0024-after-a-restore.md).
import { endAllAccess } from '../accounts/index.ts';
import { markOpenAsCalled, type Settlement } from '../attempts/index.ts';
import { attributeChanges, systemActor, type AuditLog } from '../audit/index.ts';
import { forgetNextFree } from '../availability/index.ts';
import { stopBulkActions } from '../bulk/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { DocumentCare, Inventory } from '../documents/index.ts';
import { withholdQueued } from '../email/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import { abandonRuns, type SyncService, type DriftReport } from '../sync/index.ts';
import { dropFreed } from '../waiting/index.ts';

export interface RestoredBooking {
  bookingId: string;
  reference: string;
  appointmentId: number;
  /** It kept the reference held in Acuity; otherwise it got a new one. */
  hasOldReference: boolean;
  hasReferrer: boolean;
}

export interface RestoreReport {
  /** What happened between these two times is lost, except what Acuity and the bucket hold. */
  dataUntil: Date;
  restoredAt: Date;
  sessions: number;
  links: number;
  /** E-mails that were queued when the backup was made; now withheld. */
  emails: number;
  /** Bulk actions that ran when the backup was made; now stopped. */
  bulkActions: number;
  /** Reminders that became due since the backup; marked as sent. */
  reminders: number;
  /** Attempts that were open when the backup was made, and their outcome. */
  attempts: { reference: string; kind: string; state: string }[];
  /** Null: another reconciliation is running. */
  reconciliation: DriftReport | null;
  /** Bookings missing in the backup, made again from Acuity. */
  bookings: RestoredBooking[];
  /** Differences from Acuity that staff have to resolve. */
  left: { appointmentId: number; bookingId: string | null; difference: string; reason: string | null }[];
  /** Null: there is no file store. */
  documents: Inventory | null;
}

export interface Restoring {
  /** Connections to this database besides this process's. */
  otherConnections(): Promise<number>;
  /** Sends no e-mail. Safe to repeat: continues a run that was interrupted. */
  run(onProgress?: (doneDays: number, ofDays: number) => void): Promise<RestoreReport>;
}

export interface RestoringDeps {
  db: Database;
  audit: AuditLog;
  ids: Ids;
  clock: Clock;
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
      const started = await db.transaction((trx) => begin(deps, trx));
      const { restoreId, attempts, ...facts } = started;
      for (const id of attempts) await settlement.settle(id);
      const reconciliation = await sync.reconcile(
        { ...sync.spans().all, fixes: true, tellsNobody: true },
        onProgress,
      );
      await db.transaction((trx) => dropOffers(trx, restoreId));
      const report: RestoreReport = {
        ...facts,
        attempts: await readAttempts(db, attempts),
        reconciliation,
        bookings: await readRecreatedBookings(db, facts.restoredAt),
        left: reconciliation ? await readUnresolved(db, reconciliation.id) : [],
        documents: await documents.takeInventory(),
      };
      // Left unfinished, the next run continues this one.
      if (reconciliation?.state === 'done')
        await db('restores')
          .where({ id: restoreId })
          .update({ finished_at: db.raw('clock_timestamp()') });
      return report;
    },
  };
}

/** Skips audit ids that were used after the backup, so that none is used twice. */
const skippedAuditIds = 100_000;

async function begin({ audit, ids, clock }: RestoringDeps, trx: Transaction) {
  const restore = await startRestore(trx, ids.uuid());
  const access = await endAllAccess(trx);
  const mail = await withholdQueued(trx, clock.now());
  const bulkActions = await stopBulkActions(trx);
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
    metadata: {
      dataUntil: restore.dataUntil.toISOString(),
      ...access,
      ...mail,
      bulkActions,
      attempts: attempts.length,
    },
  });
  const { id: restoreId, dataUntil, restoredAt } = restore;
  return { restoreId, dataUntil, restoredAt, ...access, ...mail, bulkActions, attempts };
}

/** Continues an unfinished restore: its own audit row would otherwise count as the backup's newest. */
async function startRestore(
  trx: Transaction,
  id: string,
): Promise<{ id: string; dataUntil: Date; restoredAt: Date; isNew: boolean }> {
  await trx.raw('lock table restores in share row exclusive mode');
  const started = await trx('restores').whereNull('finished_at').orderBy('started_at', 'desc').first();
  if (started)
    return { id: started.id, dataUntil: started.data_until, restoredAt: started.started_at, isNew: false };
  const [row] = await trx('restores')
    .insert({ id, data_until: trx.raw('coalesce((select max(at) from audit_log), clock_timestamp())') })
    .returning('*');
  if (!row) throw new Error('insert into restores returned no row');
  return { id, dataUntil: row.data_until, restoredAt: row.started_at, isNew: true };
}

/** Times that the backup, or reconciliation, finds free have been offered to those who waited for them. */
async function dropOffers(trx: Transaction, restoreId: string): Promise<void> {
  await attributeChanges(trx, systemActor, { restore: restoreId });
  await dropFreed(trx);
  await forgetNextFree(trx);
}

async function readAttempts(db: Database, ids: readonly string[]): Promise<RestoreReport['attempts']> {
  return await db('booking_attempts')
    .whereIn('id', ids)
    .orderBy('created_at')
    .select('reference', 'kind', 'state');
}

/** Bookings that reconciliation made since. Their audit rows say whether they kept their reference. */
async function readRecreatedBookings(db: Database, since: Date): Promise<RestoredBooking[]> {
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

async function readUnresolved(db: Database, reportId: string): Promise<RestoreReport['left']> {
  const { rows } = await db.raw<{ rows: RestoreReport['left'] }>(
    `select appointment_id as "appointmentId", booking_id as "bookingId", difference, reason
     from drift_items where report_id = ? and state = 'left' order by appointment_id, difference`,
    [reportId],
  );
  return rows;
}
