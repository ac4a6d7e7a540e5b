import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Somebody who was taken over from another system and has no password: they cannot sign in, and get no e-mail but
    -- their invitation, until they accept it.
    alter table users add column awaits_invitation boolean not null default false;

    -- One run that takes over what is there.
    create table imports (
      id uuid primary key,
      kind text not null check (kind in ('people', 'acuity', 'bookings')),
      -- Digest of what was asked for: the same command goes on with a run that was interrupted.
      request_digest text not null,
      -- Days, rules, the file's name; no content.
      options jsonb not null,
      state text not null default 'running' check (state in ('running', 'interrupted', 'done', 'failed', 'undone')),
      made integer not null default 0,
      changed integer not null default 0,
      matched integer not null default 0,
      left_out integer not null default 0,
      started_at timestamptz not null default clock_timestamp(),
      finished_at timestamptz,
      undone_at timestamptz
    );
    create index imports_started_idx on imports (started_at desc, id desc);

    -- Every record that an import made or changed, written with it.
    create table import_records (
      id uuid primary key,
      import_id uuid not null references imports (id),
      record_type text not null check (record_type in ('organization', 'user', 'booking')),
      record_id uuid not null,
      effect text not null check (effect in ('made', 'changed')),
      acuity_appointment_id bigint,
      -- What an undo puts back, by column; for bookings also what tells whether somebody has touched it since.
      before jsonb not null default '{}',
      after jsonb not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      undone_at timestamptz,
      left_reason text -- why the last undo left it
    );
    create index import_records_import_idx on import_records (import_id, created_at);
    create index import_records_record_idx on import_records (record_id);
    create index import_records_appointment_idx on import_records (acuity_appointment_id)
      where acuity_appointment_id is not null;

    alter table booking_progress drop constraint booking_progress_source_check;
    alter table booking_progress add constraint booking_progress_source_check
      check (source in ('portal', 'acuity', 'reconciliation', 'import'));
    alter table booking_answers drop constraint booking_answers_source_check;
    alter table booking_answers add constraint booking_answers_source_check
      check (source in ('portal', 'acuity', 'reconciliation', 'import'));

    insert into audit_actions (action) values ('records.imported');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
