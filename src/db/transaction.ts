import type { Database, Queryable, Transaction } from './knex.ts';

/** Runs `work` in the transaction that is already open, or in a new one. */
export function inTransaction<T>(db: Queryable, work: (trx: Transaction) => Promise<T>): Promise<T> {
  return isTransaction(db) ? work(db) : (db as Database).transaction(work);
}

function isTransaction(db: Queryable): db is Transaction {
  return 'isTransaction' in db && db.isTransaction === true;
}

/** The name of the constraint that refused a write, or null when the error is another. */
export function violatedConstraint(error: unknown): string | null {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const isViolation = typeof code === 'string' && code.startsWith('23');
  return isViolation && typeof constraint === 'string' ? constraint : null;
}
