import type { Knex } from 'knex';

/** New booking asks for the person's unfinished draft, and other people's drafts need not be read for it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index booking_drafts_owner_idx on booking_drafts (owner_id)');
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
