import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Its referrers may do nothing before they have set up two-step sign-in.
    alter table organizations add column requires_two_factor boolean not null default false;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
