import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What referrers want to know of a specialist before they choose one.
    alter table specialists
      add column qualifications text check (qualifications <> ''),
      -- Separated by commas.
      add column languages text check (languages <> ''),
      -- One a line.
      add column examines text check (examines <> ''),
      -- From the examination to the report, as an admin typed it; shown until enough reports tell.
      add column report_days integer check (report_days between 1 and 365);

    -- The photo and the CV. Their bytes are in the file store, under profiles/.
    create table specialist_files (
      specialist_id uuid not null references specialists (id) on delete cascade,
      kind text not null check (kind in ('photo', 'cv')),
      s3_key text not null unique check (s3_key ~ '^profiles/[A-Za-z0-9_/-]+$'),
      mime_type text not null,
      size_bytes integer not null check (size_bytes > 0),
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      created_at timestamptz not null default clock_timestamp(),
      primary key (specialist_id, kind)
    );
    create constraint trigger specialist_files_audited after insert or update or delete on specialist_files
      deferrable initially deferred for each row
      execute function audit_unannounced_change('specialist', 'specialist_id');
    create constraint trigger specialist_files_kept after insert or update or delete on specialist_files
      deferrable initially deferred for each row execute function raise_kept_version();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
