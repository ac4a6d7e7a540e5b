// better-auth writes through a pool of its own. Here its writes can join a transaction of ours, so that what it
// changes and the audit row of the change commit together.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolClient } from 'pg';
import type { Transaction } from '../db/knex.ts';

const joined = new AsyncLocalStorage<PoolClient>();

/** What better-auth does while `work` runs is part of the transaction. */
export async function joining<T>(trx: Transaction, work: () => Promise<T>): Promise<T> {
  const { client } = trx as unknown as { client: { acquireConnection(): Promise<PoolClient> } };
  return joined.run(await client.acquireConnection(), work);
}

/** The pool, but while joined the transaction's own connection. */
export function joinablePool(pool: Pool): Pick<Pool, 'connect' | 'end'> {
  const connect = async (): Promise<PoolClient> => {
    const client = joined.getStore();
    return client ? borrowed(client) : pool.connect();
  };
  return { connect: connect as Pool['connect'], end: () => pool.end() };
}

// A transaction within ours is a savepoint, and whoever borrows does not give back to the pool.
const nested: Record<string, string> = {
  begin: 'savepoint better_auth',
  commit: 'release savepoint better_auth',
  rollback: 'rollback to savepoint better_auth',
};

function borrowed(client: PoolClient): PoolClient {
  const query = (text: string, values?: unknown[]) => client.query(nested[text] ?? text, values);
  return { query, release: () => undefined } as unknown as PoolClient;
}
