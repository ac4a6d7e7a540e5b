import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Each page that an admin saw while acting. The path without its query: ids, never what was searched for.
    create table impersonation_views (
      id bigint generated always as identity primary key,
      impersonation_id uuid not null references impersonations (id) on delete cascade,
      at timestamptz not null default clock_timestamp(),
      path text not null check (length(path) <= 300)
    );
    create index impersonation_views_idx on impersonation_views (impersonation_id, id);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
