import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of a specialist when appointment_id is null: what Acuity's calendar says differs from our copy.
    alter table drift_items
      alter column appointment_id drop not null,
      add column specialist_id uuid references specialists (id),
      add constraint drift_items_of_one check (num_nonnulls(appointment_id, specialist_id) = 1),
      add constraint drift_items_of_specialist_key unique (report_id, specialist_id, difference),
      drop constraint drift_items_difference_check,
      add constraint drift_items_difference_check check (difference in (
        'missing_here', 'missing_there', 'status', 'time', 'duration', 'specialist', 'unknown_calendar', 'type',
        'location', 'link', 'details', 'specialist_place', 'specialist_zone', 'service_length'));
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
