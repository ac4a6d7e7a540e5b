import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Signs of life: each process that works jobs, or delivers events, touches its row every few seconds.
    create table workers (
      id uuid primary key,
      kind text not null check (kind in ('jobs', 'relay')),
      started_at timestamptz not null default clock_timestamp(),
      seen_at timestamptz not null default clock_timestamp()
    );
    -- Counted for /metrics.
    create index documents_damaged_idx on documents (damaged_at) where damaged_at is not null and deleted_at is null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
