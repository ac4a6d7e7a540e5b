import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  // The same as bookings_created_at_idx.
  await knex.raw('drop index bookings_created_idx');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
