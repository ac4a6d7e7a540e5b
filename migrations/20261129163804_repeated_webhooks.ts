import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Finds the event that was sent under the same id (Standard Webhooks).
    create index webhook_events_sent_idx on webhook_events ((headers->>'webhook-id'))
      where state = 'processed' and headers->>'webhook-id' is not null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
