import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Two records of the same referrer, or of the same organisation, made one. What was moved is kept by its id,
    -- so that the merge can be taken back.
    create table merges (
      id uuid primary key,
      kind text not null check (kind in ('referrer', 'organization')),
      from_id uuid not null,
      into_id uuid not null,
      from_name text not null,
      into_name text not null,
      reason text not null check (length(reason) between 1 and 500),
      moved jsonb not null, -- {"bookings.created_by_id": [ids], …}
      made_by_id uuid not null references users (id),
      made_at timestamptz not null default now(),
      undone_by_id uuid references users (id),
      undone_at timestamptz,
      check (from_id <> into_id),
      check ((undone_by_id is null) = (undone_at is null))
    );
    create index merges_made_at_idx on merges (made_at desc, id desc);
    -- What was merged away cannot be merged again until that is undone.
    create unique index merges_from_key on merges (from_id) where undone_at is null;
    create index merges_into_idx on merges (into_id) where undone_at is null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
