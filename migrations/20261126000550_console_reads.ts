import type { Knex } from 'knex';

/** What the console's first page counts each morning. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index bookings_created_at_idx on bookings (created_at);
    create index webhook_events_note_idx on webhook_events (received_at)
      where state = 'processed' and note is not null and note <> 'cancelled_before_booked';
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
