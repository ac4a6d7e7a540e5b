import type { Knex } from 'knex';

// The files of a booking. Their bytes are in the store, below documents/.
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
      -- The SHA-256 of each piece of chunk_bytes, one after the other: a download is checked piece by piece, each before
      -- it is sent.
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
      object_removed_at timestamptz, -- when the bytes were removed: after retention, or because they were infected
      damaged_at timestamptz, -- when the bytes were first found not to be those received
      -- Null: a draft, which no referrer sees. Who was told is in the audit log, with each release and recall.
      released_at timestamptz,
      -- Always staff. No column for an admin acting: an admin who acts as a referrer has no right to release.
      released_by_id uuid references users (id),
      -- How often it was released: a message about one release is not a message about the next.
      releases integer not null default 0 check (releases >= 0),
      constraint documents_chunks check (
        length(chunk_sha256) = 32 * ((size_bytes + chunk_bytes - 1) / chunk_bytes)),
      constraint documents_deleted check (deleted_at is not null or (deleted_by_id is null and deleted_for_id is null)),
      constraint documents_scanned check (status in ('checking', 'not_scanned') = (scanned_at is null)),
      constraint documents_removed check (
        object_removed_at is null or deleted_at is not null or status = 'infected'),
      constraint documents_released check (released_at is null or (category = 'report' and releases > 0)),
      constraint documents_released_by check (released_by_id is null or released_at is not null)
    );
    create index documents_booking_idx on documents (booking_id, created_at, id);
    create index documents_list_idx on documents (created_at, id);
    create index documents_uploaded_by_idx on documents (uploaded_by_id);
    create index documents_checking_idx on documents (created_at) where status = 'checking';
    create index documents_removal_idx on documents (deleted_at) where object_removed_at is null;
    create index documents_damaged_idx on documents (damaged_at) where damaged_at is not null and deleted_at is null;
    create trigger documents_updated_at before update on documents
      for each row execute function set_updated_at();
    create trigger documents_acting_pair before insert or update of uploaded_by_id, uploaded_for_id on documents
      for each row execute function check_acting_pair('uploaded_by_id', 'uploaded_for_id');
    create trigger documents_deleting_pair before insert or update of deleted_by_id, deleted_for_id on documents
      for each row execute function check_acting_pair('deleted_by_id', 'deleted_for_id');
    create constraint trigger documents_audited after insert or update or delete on documents
      deferrable initially deferred for each row execute function audit_unannounced_change('document');

    -- Files on their way from a browser to the store. No row here is a document yet; a day later a sweep removes it.
    create table direct_uploads (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      user_id uuid not null references users (id), -- whose upload it is; the document names who completes it
      category text not null check (category in ('consent_form', 'brief', 'report', 'dictation', 'other')),
      file_name text not null check (length(file_name) between 1 and 1000), -- as sent; cleaned when it becomes a document
      size_bytes bigint not null check (size_bytes > 0),
      part_bytes integer not null check (part_bytes >= 5242880),
      object_name text not null unique check (object_name ~ '^[A-Za-z0-9_-]+$'), -- random; below the pending prefix
      s3_upload_id text not null,
      state text not null default 'open' check (state in ('open', 'stored', 'refused')),
      -- What the browser says that it sent, 32 bytes a part: stored before the store assembles the parts, and compared with
      -- what is read afterwards.
      part_sha256 bytea,
      document_id uuid references documents (id) deferrable initially deferred,
      expires_at timestamptz not null, -- longer, and the sweep might remove its parts
      created_at timestamptz not null default clock_timestamp(),
      -- Assembled from one file, and asked for by another of the same name and size: it may still become the document that
      -- it was begun for, but a new upload does not resume it.
      passed_over boolean not null default false,
      constraint direct_uploads_stored check ((state = 'stored') = (document_id is not null))
    );
    create index direct_uploads_open_idx on direct_uploads (user_id, booking_id) where state = 'open';
    create index direct_uploads_created_idx on direct_uploads (created_at);
    create index direct_uploads_booking_idx on direct_uploads (booking_id);
    create index direct_uploads_document_idx on direct_uploads (document_id);

    -- What each nightly comparison of bucket and table found. Keys and ids only.
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
