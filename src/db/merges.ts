// Records can be merged while something is done in their name. Here is how the two keep out of each other's way; what
// a merge is, the room src/merging knows.
import type { Queryable, Transaction } from './knex.ts';

const lock = `hashtextextended('merging', 0)`;

/** One merge at a time, and none while a transaction keeps them off. First thing in its transaction. */
export async function lockMerges(trx: Transaction): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock(${lock})`);
}

/**
 * Until this transaction ends nothing is merged; what is being merged now is waited for. Before any row is locked, or a
 * merge that wants the row and this would wait for each other.
 */
export async function keepMergesOff(trx: Transaction): Promise<void> {
  await trx.raw(`select pg_advisory_xact_lock_shared(${lock})`);
}

/** The person or organisation that stands for this one today: itself, unless it was merged away. */
export async function mergedInto(db: Queryable, id: string): Promise<string> {
  const { rows } = await db.raw<{ rows: [{ id: string }] }>('select merged_into(?) as id', [id]);
  return rows[0].id;
}

export async function isMergedAway(db: Queryable, id: string): Promise<boolean> {
  return (await mergedInto(db, id)) !== id;
}
