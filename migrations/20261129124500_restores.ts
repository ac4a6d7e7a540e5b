import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Each time that this database was put in the place of a newer one (npm run after-restore).
    create table restores (
      id uuid primary key,
      -- The newest that the backup knows: what happened between this and started_at is lost here.
      data_until timestamptz not null,
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
