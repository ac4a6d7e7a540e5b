import type { Knex } from 'knex';

/** A bulk action waits while the database does not answer in time, and its page says until when. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table bulk_actions add column paused_until timestamptz');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
