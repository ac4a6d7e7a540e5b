// Takes back what an import made or changed, except what was changed since; reports what stays, with the reason.
import { takeBackOrganization, takeBackReferrer } from '../accounts/index.ts';
import { systemActor } from '../audit/index.ts';
import { takeBackBooking, takeBackChange, type BookingBefore } from '../bookings/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { recordTypes, type Listener } from './import.ts';
import {
  endRun,
  findRun,
  followVersion,
  markLeft,
  markTakenBack,
  recordsToTakeBack,
  type ImportRecord,
} from './import.repository.ts';
import { withImportLock, type RunDeps } from './import.runs.ts';

export type Undone =
  | { ok: true; takenBack: number; left: number }
  | { ok: false; reason: 'no_such_import' | 'another_is_running' };

export interface UndoListener extends Pick<Listener, 'progress'> {
  /** A record that stays. */
  left(record: Pick<ImportRecord, 'type' | 'recordId' | 'effect'>, reason: string): void;
}

const batch = 200;

/** Safe to repeat: skips what was taken back, tries again what stayed. */
export async function undoImport(deps: RunDeps, importId: string, listener: UndoListener): Promise<Undone> {
  const run = await findRun(deps.db, importId);
  if (!run) return { ok: false, reason: 'no_such_import' };
  const undone = await withImportLock(deps.db, async (): Promise<Undone> => {
    const made = recordTypes.reduce((sum, type) => sum + run.made[type], 0);
    const of = made + run.changed - run.takenBack;
    let [takenBack, left] = [0, 0];
    let last: ImportRecord | null = null;
    for (;;) {
      const records = await recordsToTakeBack(deps.db, importId, last, batch);
      for (const record of records) {
        const reason = await takeBack(deps, record);
        if (reason === null) takenBack += 1;
        else {
          left += 1;
          listener.left(record, reason);
        }
        listener.progress(takenBack + left, of);
      }
      last = records.at(-1) ?? last;
      if (records.length < batch) break;
    }
    await deps.db.transaction(async (trx) => {
      await endRun(trx, importId, { state: 'undone' });
      await deps.audit.record(trx, systemActor, {
        action: 'record.changed',
        resourceType: 'import',
        resourceId: importId,
        metadata: { change: 'undone', takenBack, left },
      });
    });
    return { ok: true, takenBack, left };
  });
  return undone ?? { ok: false, reason: 'another_is_running' };
}

class Kept extends Error {}

/** Null when taken back; else why it stays. */
async function takeBack(deps: RunDeps, record: ImportRecord): Promise<string | null> {
  try {
    await deps.db.transaction(async (trx) => {
      await blockMerges(trx);
      const done = await takeBackIn(trx, deps, record);
      if (!done.ok) throw new Kept(done.reason);
      await markTakenBack(trx, record.id);
    });
    return null;
  } catch (error) {
    const isInUse = violatedConstraint(error) !== null;
    if (!(error instanceof Kept) && !isInUse) throw error;
    const reason = error instanceof Kept ? error.message : 'other records refer to it';
    await markLeft(deps.db, record.id, reason);
    return reason;
  }
}

async function takeBackIn(
  trx: Transaction,
  deps: RunDeps,
  { type, effect, recordId, importId, before, after }: ImportRecord,
): Promise<{ ok: true } | { ok: false; reason: string }> {
  const how = { ...deps, by: systemActor, metadata: { source: 'import', importId, undo: true } };
  if (type === 'organization') return takeBackOrganization(trx, how, recordId, after as { name: string });
  if (type === 'user')
    return takeBackReferrer(
      trx,
      how,
      recordId,
      after as { name: string; email: string; organizationId: string },
    );
  const { version, progressId = null } = after as { version: number; progressId?: string };
  if (effect === 'made') return takeBackBooking(trx, how, recordId, version);
  const { version: versionBefore, ...columns } = before as unknown as BookingBefore & { version: number };
  const done = await takeBackChange(trx, how, recordId, { version, before: columns, progressId });
  if (done.ok && done.value)
    await followVersion(trx, recordId, { from: versionBefore, to: done.value.version });
  return done;
}
