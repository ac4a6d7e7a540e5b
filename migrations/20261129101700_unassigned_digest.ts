import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Which bookings without a referrer staff were told of by mail: each once, in one digest.
    create table unassigned_notices (
      booking_id uuid primary key references bookings (id),
      digest_id uuid not null,
      created_at timestamptz not null default clock_timestamp()
    );
    create index unassigned_notices_digest_idx on unassigned_notices (digest_id);
    alter table emails add column digest_id uuid;
    create index bookings_without_referrer_idx on bookings (starts_at) where created_by_id is null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
