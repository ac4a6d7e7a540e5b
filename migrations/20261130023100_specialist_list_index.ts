import type { Knex } from 'knex';

// In the order of the list: a specialist's bookings are listed and counted without sorting them.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index bookings_specialist_idx;
    create index bookings_specialist_idx on bookings (specialist_id, starts_at desc, id desc);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
