// Grants and checks the privileges of the app's role in a database whose tables another role owns.
import type { Client } from 'pg';
import { commandLine } from '../lib/command-line.ts';
import type { Database } from './knex.ts';

/** Tables to which the app only adds rows. */
const appendOnly = ['audit_log', 'audit_seals'];
/** Written by `npm run migrate` only. */
const readOnly = ['knex_migrations', 'knex_migrations_lock', 'migrations'];
const schemas = ['public', 'graphile_worker'];

/** The role that the app signs in as, when it is not the one that runs the migrations. */
export function appRoleOf(ownerUrl: string, appUrl: string | undefined): string | null {
  if (appUrl === undefined || appUrl === ownerUrl) return null;
  return decodeURIComponent(new URL(appUrl).username) || null;
}

/**
 * Grants `role` what the app needs, as the owner of the tables; may be repeated. graphile-worker's tables have row
 * level security without a policy, which hides every job from all roles but the owner, so the role gets a policy on
 * each.
 * @throws Error when there is no such role
 */
export async function grantToApp(owner: Client, role: string): Promise<void> {
  const { rows } = await owner.query<{ needed: boolean }>(
    'select not rolsuper and rolname <> current_user as needed from pg_roles where rolname = $1',
    [role],
  );
  const [found] = rows;
  if (!found)
    throw new Error(
      `DATABASE_URL signs in as ${role}, and there is no such role: create it (create role ${role} login password '…'), then run ${commandLine('migrate')} again`,
    );
  if (!found.needed) return;
  const to = owner.escapeIdentifier(role);
  await owner.query('begin');
  try {
    await owner.query(`grant usage on schema ${schemas.join(', ')} to ${to}`);
    for (const schema of schemas) await grantInSchema(owner, schema, to);
    await addPolicies(owner, role);
    await owner.query('commit');
  } catch (error) {
    await owner.query('rollback');
    throw error;
  }
}

async function grantInSchema(owner: Client, schema: string, to: string): Promise<void> {
  // One by one, and only our own: extensions may have created objects that belong to another owner.
  const { rows: relations } = await owner.query<{ name: string; relname: string; relkind: string }>(
    `select c.oid::regclass::text as name, c.relname, c.relkind from pg_class c
       where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
         and pg_has_role(c.relowner, 'USAGE')`,
    [schema],
  );
  for (const { name, relname, relkind } of relations) {
    if (relkind === 'S') {
      await owner.query(`grant usage, select on sequence ${name} to ${to}`);
      continue;
    }
    await owner.query(`revoke all on ${name} from ${to}`);
    await owner.query(`grant ${privilegesOn(relname).join(', ')} on ${name} to ${to}`);
  }
  const { rows: functions } = await owner.query<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p
       where p.pronamespace = $1::regnamespace and p.prokind = 'f' and pg_has_role(p.proowner, 'USAGE')`,
    [schema],
  );
  for (const { name } of functions) await owner.query(`grant execute on function ${name} to ${to}`);
  const later = `alter default privileges in schema ${schema} grant`;
  await owner.query(`${later} select, insert, update, delete on tables to ${to}`);
  await owner.query(`${later} usage, select on sequences to ${to}`);
  await owner.query(`${later} execute on functions to ${to}`);
}

function privilegesOn(table: string): string[] {
  if (readOnly.includes(table)) return ['select'];
  if (appendOnly.includes(table)) return ['select', 'insert'];
  return ['select', 'insert', 'update', 'delete'];
}

/** Adds a policy only where it is missing: a new policy locks its table, and workers would wait. */
async function addPolicies(owner: Client, role: string): Promise<void> {
  const policy = `app_${role}`.slice(0, 63);
  const { rows } = await owner.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
       where c.relnamespace = 'graphile_worker'::regnamespace and c.relrowsecurity
         and pg_has_role(c.relowner, 'USAGE')
         and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = $1)`,
    [policy],
  );
  const to = owner.escapeIdentifier(role);
  for (const { name } of rows)
    await owner.query(
      `create policy ${owner.escapeIdentifier(policy)} on ${name} to ${to} using (true) with check (true)`,
    );
}

/** The privileges that the app needs and the role of `db` lacks: `update on bookings` and the like. */
export async function missingPrivileges(db: Database): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { relname: string; privilege: string }[] }>(
    `select c.relname, lower(p.privilege) as privilege
       from pg_class c cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as p (privilege)
       where c.relnamespace in (select oid from pg_namespace where nspname = any(?)) and c.relkind in ('r', 'p')
         and c.relowner = (select relowner from pg_class where oid = to_regclass('public.bookings'))
         and not has_table_privilege(c.oid, p.privilege)
       order by 1, 2`,
    [schemas],
  );
  return rows
    .filter(({ relname, privilege }) => privilegesOn(relname).includes(privilege))
    .map(({ relname, privilege }) => `${privilege} on ${relname}`);
}

/** Whether the role of `db` could change the audit log: it owns the tables, or was granted too much. */
export async function mayChangeAuditLog(db: Database): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { may: boolean }[] }>(
    `select bool_or(has_table_privilege(to_regclass('public.' || t), p)) as may
       from unnest(?::text[]) as t, unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as p`,
    [appendOnly],
  );
  return rows[0]?.may ?? false;
}

/** Row level security hides from this role the job that it has added. */
export class HiddenJobError extends Error {
  override name = 'HiddenJobError';
}

/**
 * Adds a job, checks that it is visible, and rolls back: proves that no grant and no policy is missing for booking.
 * @throws HiddenJobError, or an error of PostgreSQL
 */
export async function tryJob(db: Database): Promise<void> {
  const trx = await db.transaction();
  try {
    const { rows } = await trx.raw<{ rows: { id: string }[] }>(
      `select id from graphile_worker.add_job('privileges_probe', run_at := now() + interval '1 day')`,
    );
    const seen = await trx.raw<{ rows: unknown[] }>('select 1 from graphile_worker.jobs where id = ?', [
      rows[0]?.id ?? null,
    ]);
    if (seen.rows.length === 0) throw new HiddenJobError();
  } finally {
    await trx.rollback();
  }
}
