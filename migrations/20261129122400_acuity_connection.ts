import type { Knex } from 'knex';

// What the last look at our webhooks in Acuity found, and who is looking at the moment. One row: every process reads
// the same state, and two that connect at once make no webhook twice.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table acuity_connection (
      only_row boolean primary key default true check (only_row),
      checked_at timestamptz,
      -- Why our webhooks could not be looked at or made; null: they are there.
      trouble text check (trouble in (
        'unauthorized', 'no_api_access', 'limit_reached', 'address', 'refused', 'unavailable')),
      -- A process is looking until then; null or past: nobody is.
      working_until timestamptz
    );
    insert into acuity_connection default values;

    -- The console counts new bookings a week; /readyz asks whether any was made since the last event.
    create index bookings_created_idx on bookings (created_at);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
