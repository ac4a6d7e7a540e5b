import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The first free times of each specialist and kind of examination, as Acuity last named them. Filled in the
    -- background (src/availability/next-free.fill.ts), so that pages show them without asking Acuity.
    create table next_free_times (
      specialist_id uuid not null references specialists (id) on delete cascade,
      type text not null check (type in ('in_person', 'telehealth')),
      -- Sorted. Every free time before known_until is among them.
      times timestamptz[] not null default '{}',
      known_until timestamptz,
      -- When Acuity was asked; null: it never answered.
      as_of timestamptz,
      -- Raised when an appointment of this calendar was made, moved or cancelled: an answer from before is read again.
      changes bigint not null default 0,
      read_changes bigint not null default 0,
      -- Null: now.
      due_at timestamptz,
      -- Until then another run reads it.
      claimed_until timestamptz,
      primary key (specialist_id, type)
    );
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
