import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Put together of one file, and asked for by another of the same name and size: it may still become the document
    -- that it was begun for, but whoever begins again is not led to it.
    alter table direct_uploads add column passed_over boolean not null default false;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
