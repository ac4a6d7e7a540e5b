// better-auth writes through a pool of its own. Here its writes can join a transaction of ours, so that what it
// changes and the audit row of the change commit together.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolClient } from 'pg';
import type { Database, Transaction } from '../db/knex.ts';

/** A transaction that better-auth's queries go through; null as long as it is not open. */
interface Joined {
  transaction: Promise<Transaction> | null;
  begin(): Promise<Transaction>;
}

const joined = new AsyncLocalStorage<Joined>();

/** What better-auth does while `work` runs is part of the transaction. */
export function joining<T>(trx: Transaction, work: () => Promise<T>): Promise<T> {
  const transaction = Promise.resolve(trx);
  return joined.run({ transaction, begin: () => transaction }, work);
}

/**
 * The same, in a transaction that begins with the first write: while a password is hashed no connection is held.
 * @param work gets a function that hands out the transaction, for the audit row. What it throws undoes everything.
 */
export async function joiningLate<T>(
  db: Database,
  work: (begin: () => Promise<Transaction>) => Promise<T>,
): Promise<T> {
  const late: Joined = {
    transaction: null,
    begin: () => (late.transaction ??= db.transaction()),
  };
  try {
    const done = await joined.run(late, () => work(() => late.begin()));
    await (await late.transaction)?.commit();
    return done;
  } catch (error) {
    await (await late.transaction)?.rollback();
    throw error;
  }
}

/** The pool, but while joined the transaction's own connection. */
export function joinablePool(pool: Pool): Pick<Pool, 'connect' | 'end'> {
  const connect = async (): Promise<PoolClient> => {
    const store = joined.getStore();
    return store ? borrowed(store, pool) : pool.connect();
  };
  return { connect: connect as Pool['connect'], end: () => pool.end() };
}

// A transaction within ours is a savepoint, and whoever borrows does not give back to the pool.
const nested: Record<string, string> = {
  begin: 'savepoint better_auth',
  commit: 'release savepoint better_auth',
  rollback: 'rollback to savepoint better_auth',
};

function borrowed(store: Joined, pool: Pool): PoolClient {
  const query = async (text: string, values?: unknown[]) => {
    if (store.transaction === null && /^select\b/i.test(text)) return pool.query(text, values);
    const { client } = (await store.begin()) as unknown as {
      client: { acquireConnection(): Promise<PoolClient> };
    };
    return (await client.acquireConnection()).query(nested[text] ?? text, values);
  };
  return { query, release: () => undefined } as unknown as PoolClient;
}
