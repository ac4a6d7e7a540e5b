import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether the people examined for this organisation are reminded by e-mail too.
    alter table organizations add column reminds_examinees boolean not null default false;

    -- Which reminders were written: each once for a time of the examination. A moved examination gets its own.
    create table booking_reminders (
      booking_id uuid not null references bookings (id),
      days_before integer not null check (days_before > 0),
      starts_at timestamptz not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (booking_id, days_before, starts_at)
    );
    create index bookings_upcoming_idx on bookings (starts_at) where status = 'active';
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
