// Recognises errors that mean the database is unavailable or overloaded, and that a retry may help.

import { isPreparationLost } from './prepared-batch.ts';

export type DatabaseTrouble =
  | 'database unavailable'
  | 'database refuses the role'
  | 'no free database connection'
  | 'statement timed out';

/** SQLSTATE class 28: a wrong password (28P01), no such role, or none that may sign in from here. */
const refused = new Set(['28P01', '28000']);

/** SQLSTATE 57014: statement_timeout, or cancelled by an operator. 55P03: lock_timeout. */
const timedOut = new Set(['57014', '55P03']);
/** Too many connections for the role, the database or the server. */
const tooManyConnections = new Set(['53300']);
/**
 * Shutdown, crash, start-up, no such database (being restored), idle in transaction for too long, out of disk or
 * memory.
 */
const away = /^(08...|57P0[1-5]|3D000|25P03|53[12]00)$/;
/**
 * Codes of Node for a connection that cannot be made or breaks. Errors of other services are caught where those are
 * called.
 */
const broken = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Errors of pg without a code; knex puts the statement before the message. */
const awayWords =
  /(^| - )(Connection terminated( unexpectedly| due to connection timeout)?|timeout expired|Query read timeout|Client has encountered a connection error and is not queryable|Client was closed and is not queryable)$/;
const noConnectionWords = /^timeout exceeded when trying to connect$/;

/** Follows `cause`, for errors that a library wrapped. Null when the error is another one. */
export function databaseTrouble(error: unknown): DatabaseTrouble | null {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    const trouble = troubleOf(one);
    if (trouble) return trouble;
  }
  return null;
}

function troubleOf(error: Error): DatabaseTrouble | null {
  const { code, name, message } = error as Error & { code?: unknown };
  if (name === 'KnexTimeoutError' || noConnectionWords.test(message)) return 'no free database connection';
  if (typeof code !== 'string') return awayWords.test(message) ? 'database unavailable' : null;
  if (refused.has(code)) return 'database refuses the role';
  if (timedOut.has(code)) return 'statement timed out';
  if (tooManyConnections.has(code)) return 'no free database connection';
  return away.test(code) || broken.has(code) || isPreparationLost(error) ? 'database unavailable' : null;
}
