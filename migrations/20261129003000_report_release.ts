import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into audit_actions (action) values ('document.released'), ('document.recalled');

    -- Null: a draft, which no referrer sees. Who was told is in the audit log, with each release and recall.
    alter table documents add column released_at timestamptz;
    -- Always staff. No column for an admin acting: whoever acts as a referrer has no right to release.
    alter table documents add column released_by_id uuid references users (id);
    -- How often it was released: a message about one release is not a message about the next.
    alter table documents add column releases integer not null default 0 check (releases >= 0);
    alter table documents add constraint documents_released check (
      released_at is null or (category = 'report' and releases > 0));
    alter table documents add constraint documents_released_by check (
      released_by_id is null or released_at is not null);

    -- Referrers have seen these since they were uploaded.
    update documents set released_at = created_at, releases = 1 where category = 'report';
    -- Runs the deferred audit triggers of the changed rows now: a table that has some waiting cannot be altered by a later
    -- migration of the same transaction.
    set constraints all immediate;
    set constraints all deferred;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
