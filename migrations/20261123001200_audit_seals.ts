import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Each seal covers the rows of audit_log after the seal before it, up to to_id, and the digest of that seal:
    -- a row that is changed, removed or slipped in later no longer fits (docs/decisions/0010-audit-seals.md).
    create table audit_seals (
      id bigint generated always as identity primary key,
      sealed_at timestamptz not null default clock_timestamp(),
      from_id bigint not null,
      to_id bigint not null unique,
      row_count integer not null check (row_count > 0),
      key_id text not null,
      digest bytea not null,
      check (to_id > from_id)
    );
    create trigger audit_seals_append_only before update or delete on audit_seals
      for each row execute function refuse_audit_change();
    create trigger audit_seals_no_truncate before truncate on audit_seals
      for each statement execute function refuse_audit_change();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
