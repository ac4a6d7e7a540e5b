import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The language in which the examinee needs an interpreter; null: none is needed.
    alter table bookings add column interpreter_language text check (interpreter_language <> '');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
