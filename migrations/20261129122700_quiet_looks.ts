import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Nobody is told of what this look puts right; kept here because a run that dies is finished by another process.
    alter table drift_reports add column tells_nobody boolean not null default false;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
