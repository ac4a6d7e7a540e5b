import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One action of the console for many records, which are listed once, before it begins.
    create table bulk_actions (
      id uuid primary key,
      -- List and action, as \`bookings/assign\`.
      kind text not null,
      made_by_id uuid not null references users (id),
      -- What was chosen for all records. Ids only.
      input jsonb not null default '{}',
      -- Facts of the request that began it, for the audit rows of its records.
      request jsonb,
      state text not null default 'prepared' check (state in ('prepared', 'running', 'stopped', 'done')),
      -- More records matched than one bulk action takes.
      is_cut boolean not null default false,
      -- When a worker last went on with it: another one does when this is long ago.
      worked_at timestamptz,
      created_at timestamptz not null default now(),
      begun_at timestamptz,
      ended_at timestamptz,
      -- Null in a stopped one: whoever made it may no longer do it.
      stopped_by_id uuid references users (id),
      check ((state = 'prepared') = (begun_at is null)),
      check ((state in ('stopped', 'done')) = (ended_at is not null))
    );
    create index bulk_actions_state_idx on bulk_actions (state, created_at);
    create index bulk_actions_maker_idx on bulk_actions (made_by_id);
    create index bulk_actions_stopper_idx on bulk_actions (stopped_by_id) where stopped_by_id is not null;

    create table bulk_items (
      bulk_action_id uuid not null references bulk_actions (id) on delete cascade,
      place integer not null,
      record_id uuid not null,
      -- The record as it was listed: its version or its state. A record that differs is skipped.
      seen text not null,
      state text not null check (state in ('waiting', 'done', 'skipped')),
      -- Why it was skipped.
      reason text,
      settled_at timestamptz,
      primary key (bulk_action_id, place),
      check ((state = 'skipped') = (reason is not null))
    );
    create index bulk_items_waiting_idx on bulk_items (bulk_action_id, place) where state = 'waiting';
    create index bulk_items_done_idx on bulk_items (record_id, settled_at) where state = 'done';

    -- Staff have looked at a difference and leave it as it is.
    alter table drift_items add column closed_at timestamptz;
    alter table drift_items add column closed_by_id uuid references users (id);
    alter table drift_items add check ((closed_at is null) = (closed_by_id is null));
    create index drift_items_closer_idx on drift_items (closed_by_id) where closed_by_id is not null;
    drop index drift_items_still_different_idx;
    create index drift_items_still_different_idx on drift_items (found_at, id)
      where state = 'left' and not superseded and closed_at is null;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
