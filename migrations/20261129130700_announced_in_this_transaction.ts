import type { Knex } from 'knex';

/**
 * The functions that audit a change which nobody announced look for an audit row of their own transaction by its number.
 * A backup that is restored on another server brings rows whose numbers that server gives once more, so they have to be
 * no older than the transaction, too.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    do $$
    declare
      definition text;
    begin
      for definition in
        select pg_get_functiondef(oid) from pg_proc
        where pronamespace = 'public'::regnamespace and prokind = 'f'
          and prosrc like '%xact = pg_current_xact_id()%'
      loop
        execute replace(definition, 'xact = pg_current_xact_id()',
          'xact = pg_current_xact_id() and at >= transaction_timestamp()');
      end loop;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
