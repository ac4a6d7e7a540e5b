import type { Knex } from 'knex';

// Nothing calls it any more: lists and pages read the rules themselves (src/bookings/booking.paperwork.ts).
export async function up(knex: Knex): Promise<void> {
  await knex.raw('drop function paperwork_needed(uuid, date)');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
