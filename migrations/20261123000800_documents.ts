import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table documents (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      category text not null check (category in ('consent_form', 'brief', 'report', 'dictation', 'other')),
      file_name text not null check (length(file_name) between 1 and 255),
      mime_type text not null,
      size_bytes bigint not null check (size_bytes > 0),
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      -- The SHA-256 of each piece of chunk_bytes, one after the other: a download is checked piece by piece before
      -- any of it is handed on.
      chunk_bytes integer not null check (chunk_bytes > 0),
      chunk_sha256 bytea not null,
      s3_key text not null unique check (s3_key ~ '^documents/[A-Za-z0-9_-]+$'), -- random: says nothing of people
      status text not null check (status in ('checking', 'clean', 'infected', 'not_scanned')),
      scanned_at timestamptz,
      -- The REFERRER (or member of staff) whose upload it is, also when an admin made it while acting as them.
      uploaded_by_id uuid not null references users (id),
      -- The ADMIN who made it while acting as that referrer. The name reads the other way round: never swap the two.
      uploaded_for_id uuid references users (id),
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default now(),
      deleted_at timestamptz,
      deleted_by_id uuid references users (id),
      deleted_for_id uuid references users (id),
      object_removed_at timestamptz, -- when the bytes went, after retention or because they were infected
      damaged_at timestamptz, -- when the bytes were first found not to be those received
      constraint documents_chunks check (
        length(chunk_sha256) = 32 * ((size_bytes + chunk_bytes - 1) / chunk_bytes)),
      constraint documents_deleted check (deleted_at is not null or (deleted_by_id is null and deleted_for_id is null)),
      constraint documents_scanned check (status in ('checking', 'not_scanned') = (scanned_at is null)),
      constraint documents_removed check (
        object_removed_at is null or deleted_at is not null or status = 'infected')
    );
    create index documents_booking_idx on documents (booking_id, created_at, id);
    create index documents_uploaded_by_idx on documents (uploaded_by_id);
    create index documents_checking_idx on documents (created_at) where status = 'checking';
    create index documents_removal_idx on documents (deleted_at) where object_removed_at is null;

    create trigger documents_updated_at before update on documents
      for each row execute function set_updated_at();
    create constraint trigger documents_audited after insert or update or delete on documents
      deferrable initially deferred for each row execute function audit_unannounced_change('document');

    -- What each night's look at bucket and table found. Keys and ids only.
    create table custody_reports (
      id uuid primary key,
      started_at timestamptz not null,
      finished_at timestamptz not null,
      rows_checked integer not null,
      objects_checked integer not null,
      findings jsonb not null default '[]' -- [{kind, documentId?, key?, repaired}]
    );
    create index custody_reports_started_idx on custody_reports (started_at desc);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
