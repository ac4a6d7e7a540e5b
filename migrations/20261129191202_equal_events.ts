import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Of events that wait and whose delivery has never begun. Without the state: a condition on it would let the planner
    -- read all that wait by webhook_events_state_idx instead, for as long as the statistics are from before a backlog.
    drop index webhook_events_equal_idx;
    create index webhook_events_equal_idx on webhook_events (body_digest)
      where attempts = 0 and next_attempt_at is not null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
