import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Files on their way from a browser to the store. Nothing here is a document yet; a day later the sweep clears it.
    create table direct_uploads (
      id uuid primary key,
      booking_id uuid not null references bookings (id),
      user_id uuid not null references users (id), -- whose upload it is; whoever completes it stands on the document
      category text not null check (category in ('consent_form', 'brief', 'report', 'dictation', 'other')),
      file_name text not null check (length(file_name) between 1 and 1000), -- as sent; cleaned when it becomes a document
      size_bytes bigint not null check (size_bytes > 0),
      part_bytes integer not null check (part_bytes >= 5242880),
      object_name text not null unique check (object_name ~ '^[A-Za-z0-9_-]+$'), -- random; below the pending prefix
      s3_upload_id text not null,
      state text not null default 'open' check (state in ('open', 'stored', 'refused')),
      -- What the browser says that it sent, 32 bytes a part: written before the store puts the parts together, and held
      -- against what is read afterwards.
      part_sha256 bytea,
      document_id uuid references documents (id) deferrable initially deferred,
      expires_at timestamptz not null, -- longer, and the sweep might take its parts
      created_at timestamptz not null default clock_timestamp(),
      constraint direct_uploads_stored check ((state = 'stored') = (document_id is not null))
    );
    create index direct_uploads_open_idx on direct_uploads (user_id, booking_id) where state = 'open';
    create index direct_uploads_created_idx on direct_uploads (created_at);
    create index direct_uploads_booking_idx on direct_uploads (booking_id);
    create index direct_uploads_document_idx on direct_uploads (document_id);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
