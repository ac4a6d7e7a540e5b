import { missingExtensions, oldestVersion, serverFacts } from '../db/condition.ts';
import type { Database } from '../db/knex.ts';
import { migrationState } from '../db/migrate.ts';
import { HiddenJobError, mayChangeAuditLog, missingPrivileges, tryJob } from '../db/privileges.ts';
import { commandLine } from '../lib/command-line.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';

export interface DatabaseCheckDeps {
  db: Database;
  isProduction: boolean;
}

const migrate = { text: 'Bring the schema up to date', command: commandLine('migrate') };
const grant = {
  text: 'Run it with MIGRATION_DATABASE_URL (the owner of the tables) and DATABASE_URL (the role of the app): it grants what is needed',
  command: commandLine('migrate'),
};

export function databaseChecks({ db, isProduction }: DatabaseCheckDeps): Check[] {
  return [
    { id: 'database', title: 'Database', run: () => checkServer(db) },
    { id: 'database_role', title: 'Database role', run: () => checkRole(db, isProduction) },
    { id: 'extensions', title: 'Database extensions', run: () => checkExtensions(db) },
    { id: 'migrations', title: 'Schema', run: () => checkMigrations(db) },
    { id: 'job_queue', title: 'Job queue', run: () => checkQueue(db) },
  ];
}

async function checkServer(db: Database): Promise<Line[]> {
  const startedAt = performance.now();
  try {
    const { major, version } = await serverFacts(db);
    const ms = Math.round(performance.now() - startedAt);
    if (major < oldestVersion)
      return [
        wrong(
          `PostgreSQL ${version} is too old`,
          `The schema needs PostgreSQL ${oldestVersion} or newer.`,
          `Move the database to PostgreSQL ${oldestVersion} or newer`,
        ),
      ];
    return [ok(`PostgreSQL ${version} answers in ${ms} ms`)];
  } catch (error) {
    return [unreachableLine(error)];
  }
}

export function unreachableLine(error: unknown): Line {
  const [code, costs] = [codeOf(error), 'Nothing works without it.'];
  if (code === '28P01')
    return wrong(
      `The database refuses the password: ${code}`,
      costs,
      'Check DATABASE_PASSWORD, and the role in DATABASE_URL: alter role … password sets a new one',
    );
  if (code === '28000')
    return wrong(
      `The database refuses the role of DATABASE_URL: ${code}`,
      costs,
      'Check that the role is there and may sign in, and that pg_hba.conf lets it in from this machine',
    );
  return wrong(
    `The database cannot be reached: ${code}`,
    costs,
    'Check DATABASE_URL, and whether PostgreSQL runs and lets this machine in',
  );
}

async function checkRole(db: Database, isProduction: boolean): Promise<Line[]> {
  const { role } = await serverFacts(db);
  const missing = await missingPrivileges(db);
  if (missing.length > 0) {
    const some = missing.slice(0, 5).join(', ');
    const more = missing.length > 5 ? `, and ${missing.length - 5} more` : '';
    return [
      wrong(
        `The role ${role} lacks privileges: ${some}${more}`,
        'Pages and jobs that need them fail.',
        grant,
      ),
    ];
  }
  const may = ok(`The role ${role} may do what the app needs`);
  if (!isProduction || !(await mayChangeAuditLog(db))) return [may];
  return [
    may,
    warning(
      `The role ${role} could also change the audit log`,
      'Whoever gets hold of DATABASE_URL could rewrite history; only the seals would show it.',
      {
        text: 'Use two roles, as docs/first-start.md describes, then run',
        command: commandLine('migrate'),
      },
    ),
  ];
}

async function checkExtensions(db: Database): Promise<Line[]> {
  const missing = await missingExtensions(db);
  if (missing.length === 0) return [ok('All extensions are there')];
  return missing.map((name) =>
    wrong(`The extension ${name} is missing`, 'Search does not work without it.', {
      text: 'As the owner of the database',
      command: `psql -c 'create extension ${name}'`,
    }),
  );
}

async function checkMigrations(db: Database): Promise<Line[]> {
  const { pending, unknown } = await migrationState(db);
  const lines: Line[] = [];
  if (pending.length > 0)
    lines.push(
      wrong(
        `${pending.length} ${pending.length === 1 ? 'migration is' : 'migrations are'} not applied, the first is ${pending[0]}`,
        'This version of the program expects tables that are not there.',
        migrate,
      ),
    );
  if (unknown.length > 0)
    lines.push(
      warning(
        `The database is newer than this program: ${unknown.length} unknown ${unknown.length === 1 ? 'migration' : 'migrations'}`,
        'An older program can write what the newer one does not expect.',
        'Replace this program by the version that the others run',
      ),
    );
  return lines.length > 0 ? lines : [ok('All migrations are applied')];
}

async function checkQueue(db: Database): Promise<Line[]> {
  try {
    await tryJob(db);
    return [ok('A job can be added and seen (it was rolled back)')];
  } catch (error) {
    const why = error instanceof HiddenJobError ? 'row level security hides it' : codeOf(error);
    return [
      wrong(
        `A job cannot be added: ${why}`,
        'No booking can be made: a job is part of its transaction.',
        grant,
      ),
    ];
  }
}
