// Warnings for operators in the first lines of the log. None of them stops the process.
import type { Logger } from 'pino';
import type { Database } from '../db/knex.ts';
import { HiddenJobError, missingPrivileges, tryJob } from '../db/privileges.ts';
import { databaseTrouble } from '../db/trouble.ts';
import { commandLine } from '../lib/command-line.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Scanner } from '../ports/scanner.ts';

export async function noteScanner({ scanner, log }: { scanner: Scanner | null; log: Logger }): Promise<void> {
  if (!scanner) return log.warn('Uploads are not scanned for viruses: CLAMD_URL is unset');
  try {
    await scanner.ping();
    log.info('Uploads are scanned for viruses');
  } catch (error) {
    log.error({ err: errorFacts(error) }, 'The virus scanner does not answer: documents wait until it does');
  }
}

const remedy = `run ${commandLine('migrate')} with MIGRATION_DATABASE_URL (the owner of the tables) and DATABASE_URL (the role of the app)`;
/** PostgreSQL's codes: insufficient privilege; no such schema, table, function. */
const fixedByMigrate = new Set(['42501', '3F000', '42P01', '42883']);

/** Logs an error when the role of DATABASE_URL lacks privileges, or the queue rejects a job. */
export async function noteDatabase({ db, log }: { db: Database; log: Logger }): Promise<void> {
  try {
    const missing = await missingPrivileges(db);
    if (missing.length > 0) {
      const some = { count: missing.length, missing: missing.slice(0, 10) };
      log.error(some, `The database role lacks privileges: ${remedy}`);
      return;
    }
    await tryJob(db);
  } catch (error) {
    const err = errorFacts(error);
    const isFixedByMigrate = error instanceof HiddenJobError || fixedByMigrate.has(err.code ?? '');
    if (isFixedByMigrate) log.error({ err }, `The database takes no jobs from this role: ${remedy}`);
    else if (databaseTrouble(error) === 'database refuses the role')
      log.error(
        { err },
        'The database refuses the role of DATABASE_URL, or its password (DATABASE_PASSWORD)',
      );
    else log.error({ err }, 'The database does not answer');
  }
}
