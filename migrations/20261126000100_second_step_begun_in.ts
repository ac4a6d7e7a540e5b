import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whose password was given for a second step that is being set up: the key for the app is shown to that session
    -- alone. No foreign key: once the session has gone nobody is shown it, and that is what is wanted.
    alter table two_factors add column begun_in_session_id uuid;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
