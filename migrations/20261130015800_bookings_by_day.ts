import type { Knex } from 'knex';

// The bookings of a day, in the zone of each examination: by time alone two more days are read to find it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index bookings_day_idx on bookings (((starts_at at time zone timezone)::date), starts_at desc, id desc);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
