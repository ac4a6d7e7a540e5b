// Keeps merges of records apart from other changes to the same records. Merging itself is in src/merging.
import type { Queryable, Transaction } from './knex.ts';
import { prepare, sendTogether } from './statements.ts';

const lock = `hashtextextended('merging', 0)`;

/**
 * Allows one merge at a time, and none while a transaction has called blockMerges(). Call it first in a transaction.
 */
export async function lockMerges(trx: Transaction): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(${lock})`);
}

/**
 * Prevents merges until this transaction ends, after waiting for one that is running. Call it before locking any row:
 * otherwise a merge that waits for the row and this call deadlock.
 */
export async function blockMerges(trx: Transaction): Promise<void> {
  await sendTogether(trx, blockMergesQuery(trx, {}));
}

/** The query of `blockMerges`, to be sent together with others (statements.ts). */
export const blockMergesQuery = prepare('block merges', (db) =>
  db.raw(`select pg_advisory_xact_lock_shared(${lock})`),
);

/** The person or organisation that replaced this one; the same id unless it was merged. */
export async function mergedInto(db: Queryable, id: string): Promise<string> {
  const { rows } = await db.raw<{ rows: [{ id: string }] }>('select merged_into(?) as id', [id]);
  return rows[0].id;
}

export async function isMergedAway(db: Queryable, id: string): Promise<boolean> {
  return (await mergedInto(db, id)) !== id;
}
