// The migrations up to a certain day were replaced by a few readable ones, the baseline. This turns a database that has all
// of the earlier migrations into what the baseline would have made; its rows stay.
import { createHash } from 'node:crypto';
import { auditUnannouncedChange } from '../../migrations/20261129134000_audit.ts';
import type { Database, Transaction } from './knex.ts';
import { commandLine } from '../lib/command-line.ts';

const firstOfBaseline = '20261129134000_audit.ts';
const lastOfBaseline = '20261129134100_emails.ts';
const lastBefore = '20261129130900_refusal_counts.ts';
/** The digest of the names of all earlier migrations, sorted, one a line. */
const digestOfThoseBefore = '559e7069b024a05b2e9290f24491866a1c3bfd2562ca15ca741fe4c686162c13';

/**
 * @param migrations the names of the migration files
 * @returns the names of the migrations of the baseline when it was adopted; none when there was nothing to do
 * @throws Error when the database has only a part of the migrations before the baseline
 */
export async function adoptBaseline(db: Database, migrations: string[]): Promise<string[]> {
  if (!(await db.schema.hasTable('knex_migrations'))) return [];
  const applied = (await db('knex_migrations').pluck('name')) as string[];
  const before = applied.filter((name) => name < firstOfBaseline).toSorted();
  if (before.length === 0) return [];
  if (applied.length !== before.length || digestOf(before) !== digestOfThoseBefore)
    throw new Error(
      'This database was last migrated by an earlier version, and not up to the point from which this one goes on. ' +
        `Check out the last commit that has migrations/${lastBefore} (git rev-list -1 HEAD -- migrations/${lastBefore} ` +
        `names the one after it), run ${commandLine('migrate')} there, and then here again. For the demo: npm run reset`,
    );
  const baseline = migrations.filter((name) => name <= lastOfBaseline);
  await db.transaction(async (trx) => {
    await auditByOneFunction(trx);
    await callIntentionsAttempts(trx);
    await trx('knex_migrations').delete();
    await trx('knex_migrations').insert(
      baseline.map((name) => ({ name, batch: 1, migration_time: trx.fn.now() })),
    );
  });
  return baseline;
}

function digestOf(names: string[]): string {
  return createHash('sha256').update(names.join('\n')).digest('hex');
}

async function auditByOneFunction(trx: Transaction): Promise<void> {
  await trx.raw(auditUnannouncedChange);
  const { rows } = await trx.raw<{ rows: { table: string; name: string; definition: string }[] }>(
    `select tgrelid::regclass::text as table, tgname as name, pg_get_triggerdef(oid) as definition from pg_trigger
       where tgfoid in (select oid from pg_proc where pronamespace = 'public'::regnamespace and proname in
         ('audit_unannounced_part', 'audit_unannounced_mapping', 'audit_unannounced_personal_change'))`,
  );
  for (const { table, name, definition } of rows) {
    const key = table === 'intake_fields' ? 'name' : 'version';
    const anew = definition
      .replace(/audit_unannounced_personal_change\(('\w+')\)/, `audit_unannounced_change($1, 'user_id')`)
      .replace('audit_unannounced_mapping()', `audit_unannounced_change('intake_mapping', '${key}', 'any')`)
      .replace('audit_unannounced_part(', 'audit_unannounced_change(');
    await trx.raw('drop trigger ?? on ??', [name, table]);
    await trx.raw(anew);
  }
  await trx.raw(`
    drop function audit_unannounced_part();
    drop function audit_unannounced_mapping();
    drop function audit_unannounced_personal_change();
  `);
}

async function callIntentionsAttempts(trx: Transaction): Promise<void> {
  await trx.raw(`
    alter table booking_intentions rename to booking_attempts;
    alter table emails rename intention_id to attempt_id;
    -- What a merge moved is stored by table and column, for its undo.
    update merges set moved = replace(moved::text, '"booking_intentions.', '"booking_attempts.')::jsonb
      where moved::text like '%"booking_intentions.%';
    do $$
    declare
      named record;
    begin
      for named in
        select conrelid::regclass as of, conname as name from pg_constraint where conname ~ 'intention'
      loop
        execute format('alter table %s rename constraint %I to %I', named.of, named.name,
                       replace(named.name, 'intention', 'attempt'));
      end loop;
      -- Without those of constraints, which have been renamed with them.
      for named in
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'i' and relname ~ 'intention'
      loop
        execute format('alter index %I rename to %I', named.name, replace(named.name, 'intention', 'attempt'));
      end loop;
      for named in
        select tgrelid::regclass as of, tgname as name from pg_trigger where not tgisinternal and tgname ~ 'intention'
      loop
        execute format('alter trigger %I on %s rename to %I', named.name, named.of,
                       replace(named.name, 'intention', 'attempt'));
      end loop;
    end $$;
  `);
}
