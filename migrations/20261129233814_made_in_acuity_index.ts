import type { Knex } from 'knex';

// The console lists the bookings that were made in Acuity: of many bookings they may be few.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index bookings_made_in_acuity_idx on bookings (starts_at desc, id desc)
      where source = 'acuity_direct'`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
