// Does the records of bulk actions: each in a transaction of its own, together with the note that it is done. A process
// that dies leaves a record either done and noted, or untouched.
import type { Logger } from 'pino';
import { accountStatusOf, type Actor } from '../accounts/index.ts';
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { databaseTrouble } from '../db/trouble.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import { continueBulkActionJob } from './bulk.jobs.ts';
import {
  abandoned,
  countTry,
  holdRunning,
  isDoneByAnother,
  lockRecord,
  pause,
  removeOld,
  settleItem,
  takeItem,
  touch,
  type Item,
} from './bulk.repository.ts';
import { jobKey, mayDoInBulk } from './bulk.service.ts';
import { mostTries, type BulkVerbs } from './bulk.ts';

export interface BulkWorkDeps {
  db: Database;
  audit: AuditLog;
  jobs: JobQueue;
  log: Logger;
  /** The actions for one record, in this transaction. */
  verbsIn(trx: Transaction): BulkVerbs;
  /** For tests that kill the process. */
  onStep?: (step: 'bulk_record_done' | 'bulk_record_committed') => Promise<void> | void;
}

export interface BulkWork {
  /** For the job: does some records, and adds the job again while others wait. */
  continue(bulkActionId: string): Promise<void>;
  /** For the job: goes on with what a dead worker left, and removes old bulk actions. Returns how many it goes on with. */
  sweep(): Promise<number>;
}

/** How many records a job does before it lets other jobs have their turn. */
const atATime = 50;
/** An action that nobody has worked on for this long was left by a worker that died: no record takes longer. */
const quietMs = 30_000;
/** After this many failures in a row the database is taken to be slow, and not the records. */
const mostFailuresInARow = 3;
const pauseMs = 60_000;

export function createBulkWork(deps: BulkWorkDeps): BulkWork {
  const { db, jobs } = deps;
  const goOn = (id: string) => jobs.add(continueBulkActionJob, { bulkActionId: id }, { key: jobKey(id) });
  return {
    async continue(id) {
      await touch(db, id);
      let failures = 0;
      for (let done = 0; done < atATime; done += 1) {
        const step = await doNext(deps, id);
        if (step === 'nothing_left') return;
        failures = step === 'settled' ? 0 : failures + 1;
        if (step === 'failed_again' || failures === mostFailuresInARow) {
          await pause(db, id, pauseMs);
          return jobs.add(continueBulkActionJob, { bulkActionId: id }, { key: jobKey(id), delayMs: pauseMs });
        }
      }
      await goOn(id);
    },
    async sweep() {
      const ids = await abandoned(db, quietMs);
      for (const id of ids) await goOn(id);
      await removeOld(db);
      return ids.length;
    },
  };
}

/** `failed`: a record failed for the first time. `failed_again`: one failed a second time; trying it at once would not help. */
type Step = 'settled' | 'failed' | 'failed_again' | 'nothing_left';

async function doNext(deps: BulkWorkDeps, id: string): Promise<Step> {
  const { db, onStep } = deps;
  let inHand: Item | null = null;
  try {
    const isDone = await db.transaction(async (trx) => {
      const action = await holdRunning(trx, id);
      if (!action) return false;
      const item = await takeItem(trx, id);
      if (!item) return false;
      inHand = item;
      const actor = await makerNow(trx, action.made_by_id, action.request);
      if (!actor || !mayDoInBulk(actor, action.kind)) return 'not_allowed' as const;
      await lockRecord(trx, action.kind, item.record_id);
      const outcome = (await isDoneByAnother(trx, action, item.record_id))
        ? { skipped: 'Somebody else has done it meanwhile' }
        : await deps.verbsIn(trx)[action.kind](actor, item.record_id, item.seen, action.input);
      await settleItem(trx, id, item, outcome);
      await onStep?.('bulk_record_done');
      return true;
    });
    if (isDone === true) await onStep?.('bulk_record_committed');
    if (isDone === 'not_allowed') await stopForbidden(deps, id);
    else if (!isDone) await endIfDone(db, id);
    return isDone === true ? 'settled' : 'nothing_left';
  } catch (error) {
    if (!inHand) throw error;
    return failed(deps, id, inHand, error);
  }
}

/** A record that fails goes behind the others, and is not tried for ever, so that it cannot stop them. */
async function failed({ db, log }: BulkWorkDeps, id: string, item: Item, error: unknown): Promise<Step> {
  const isRetried = mayHelpToRetry(error) && item.tries + 1 < mostTries;
  if (isRetried) {
    log.warn({ bulkActionId: id, tries: item.tries + 1, err: errorFacts(error) }, 'A record is tried again');
    await countTry(db, id, item);
    return item.tries > 0 ? 'failed_again' : 'failed';
  }
  log.error(
    { bulkActionId: id, tries: item.tries + 1, err: errorFacts(error) },
    'A record of a bulk action failed',
  );
  await settleItem(db, id, item, {
    skipped: mayHelpToRetry(error)
      ? `Tried ${mostTries} times, and the database did not answer in time`
      : 'Something went wrong on our side',
  });
  return 'settled';
}

/** The person who began the action, with their present rights; null when they may no longer sign in. */
async function makerNow(
  db: Queryable,
  userId: string,
  request: Actor['request'] | null,
): Promise<Actor | null> {
  const viewer = (await accountStatusOf(db, userId))?.viewer;
  return viewer && request ? { viewer, request } : null;
}

/** SQLSTATE class 40: a deadlock, or a conflict with another transaction. */
function mayHelpToRetry(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return databaseTrouble(error) !== null || (typeof code === 'string' && code.startsWith('40'));
}

async function stopForbidden({ db, audit }: BulkWorkDeps, id: string): Promise<void> {
  await db.transaction(async (trx) => {
    const stopped = await trx('bulk_actions')
      .where({ id, state: 'running' })
      .update({ state: 'stopped', ended_at: trx.raw('clock_timestamp()') });
    if (stopped === 0) return;
    await audit.record(trx, systemActor, {
      action: 'record.changed',
      resourceType: 'bulk_action',
      resourceId: id,
      metadata: { change: 'stopped', reason: 'not_allowed' },
    });
  });
}

/** Ends the action when no record waits. One that another worker works on still waits. */
async function endIfDone(db: Database, id: string): Promise<void> {
  await db('bulk_actions')
    .where({ id, state: 'running' })
    .whereNotExists(db('bulk_items').where({ bulk_action_id: id, state: 'waiting' }))
    .update({ state: 'done', ended_at: db.raw('clock_timestamp()') });
}
