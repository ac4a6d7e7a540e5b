import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether the examination's time was over when the difference was found: then nobody gets an e-mail about it.
    alter table drift_items add column is_over boolean not null default false;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
