import type { Database, Queryable, Transaction } from './knex.ts';

/** Runs `work` in the open transaction, or in a new one. */
export function inTransaction<T>(db: Queryable, work: (trx: Transaction) => Promise<T>): Promise<T> {
  return isTransaction(db) ? work(db) : (db as Database).transaction(work);
}

export function isTransaction(db: Queryable): db is Transaction {
  return 'isTransaction' in db && db.isTransaction === true;
}

/** The name of the violated constraint, or null when the error is another one. */
export function violatedConstraint(error: unknown): string | null {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const isViolation = typeof code === 'string' && code.startsWith('23');
  return isViolation && typeof constraint === 'string' ? constraint : null;
}
