import type { Knex } from 'knex';

/**
 * Rule 4: every change has its audit row in the same transaction, also one typed into psql. Runs at commit. A changed
 * row that no audit row of its transaction names gets one: which columns, never values.
 * Arguments: 1. what the log calls the record; 2. for a row that is part of a record: the column that names the record,
 * an audit row about the record announces the change, too; 3. 'any': so does an audit row about any record of that name.
 * A restored backup holds transaction numbers that its new server gives once more, hence the time.
 */
export const auditUnannouncedChange = `
    create or replace function audit_unannounced_change() returns trigger language plpgsql as $$
    declare
      changed text[];
      part jsonb := to_jsonb(coalesce(new, old));
      record_id text := part ->> tg_argv[1];
    begin
      if exists (
        select from audit_log
        where xact = pg_current_xact_id() and at >= transaction_timestamp() and resource_id in (part ->> 'id', record_id)
      ) or tg_argv[2] = 'any' and exists (
        select from audit_log
        where xact = pg_current_xact_id() and at >= transaction_timestamp() and resource_type = tg_argv[0]
      ) then
        return null;
      end if;
      if tg_op = 'UPDATE' then
        select array_agg(n.key order by n.key) into changed
        from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o on o.key = n.key
        where n.value is distinct from o.value and n.key not in ('updated_at', 'search_text');
        if changed is null then
          return null;
        end if;
      end if;
      insert into audit_log (actor_id, acting_as_id, ip, user_agent, request_id, action, resource_type, resource_id, metadata)
      select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', tg_argv[0],
             coalesce(part ->> 'id', record_id),
             jsonb_strip_nulls(jsonb_build_object(
               'operation', lower(tg_op), 'table', tg_table_name, 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
               'of', record_id, 'field', part -> 'acuity_field_id', 'databaseUser', current_user)) || s.metadata
      from said_of_changes() s;
      return null;
    end $$;
  `;

// Who did what to which record. Nobody changes or removes a row, and every change of a record gets one.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function set_updated_at() returns trigger language plpgsql as $$
    begin
      new.updated_at := now();
      return new;
    end $$;

    -- A new action is a row of a new migration, and a line of src/audit/audit.ts.
    create table audit_actions (action text primary key);
    insert into audit_actions (action) values
      ('auth.signed_in'), ('auth.sign_in_failed'), ('auth.signed_out'), ('auth.two_factor_failed'),
      ('auth.password_reset'), ('impersonation.started'), ('impersonation.ended'),
      ('booking.created'), ('booking.viewed'), ('booking.rescheduled'), ('booking.cancelled'),
      ('booking.progressed'), ('booking.edited'),
      ('document.uploaded'), ('document.downloaded'), ('document.deleted'), ('document.refused'),
      ('document.released'), ('document.recalled'),
      ('webhook.received'), ('webhook.processed'), ('webhook.rejected'), ('webhook.replayed'),
      ('drift.found'), ('drift.fixed'), ('record.changed'), ('records.exported'), ('records.imported'),
      ('access.denied');

    -- No foreign keys to records: the log outlives what it names.
    create table audit_log (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      actor_id uuid,
      acting_as_id uuid,
      action text not null references audit_actions,
      resource_type text not null,
      resource_id text,
      outcome text not null default 'success' check (outcome in ('success', 'failure', 'denied', 'pending')),
      metadata jsonb not null default '{}',
      ip text,
      user_agent text,
      request_id text,
      -- The transaction that wrote the row: how audit_unannounced_change knows that a change was announced.
      xact xid8 not null default pg_current_xact_id()
    );
    create index audit_log_resource_idx on audit_log (resource_type, resource_id, id);
    create index audit_log_actor_idx on audit_log (actor_id, id);
    create index audit_log_xact_idx on audit_log (xact, resource_id);
    create index audit_log_at_idx on audit_log (at);

    -- Each seal covers the rows of audit_log after the seal before it, up to to_id, and the digest of that seal:
    -- a row that is changed, removed or inserted later no longer fits (docs/decisions/0010-audit-seals.md).
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

    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_log_append_only before update or delete on audit_log
      for each row execute function refuse_audit_change();
    create trigger audit_log_no_truncate before truncate on audit_log
      for each statement execute function refuse_audit_change();
    create trigger audit_seals_append_only before update or delete on audit_seals
      for each row execute function refuse_audit_change();
    create trigger audit_seals_no_truncate before truncate on audit_seals
      for each statement execute function refuse_audit_change();

    -- How often something was refused in a minute, and to whom: past a limit the audit log, which nobody may empty, gets
    -- one row a minute with the count in place of a row for each. A row lives here for a minute or two.
    create table refusal_counts (
      action text not null,
      resource_type text not null,
      minute timestamptz not null,
      -- Who tried: an account, the network of an address, or '*' where very many did.
      source text not null,
      actor_id uuid,
      acting_as_id uuid,
      ip text,
      count integer not null default 1 check (count > 0),
      primary key (action, resource_type, minute, source)
    );

    -- A transaction that changes many rows says once who does it, from where and why (audit.changes.ts). What it changes
    -- without an audit row of its own is then logged with that, and not as if somebody had typed it into psql.
    create function said_of_changes(out actor_id uuid, out acting_as_id uuid, out ip text, out user_agent text,
                                    out request_id text, out metadata jsonb) language sql stable as $$
      select (said ->> 'actorId')::uuid, (said ->> 'actingAsId')::uuid, said ->> 'ip', said ->> 'userAgent',
             said ->> 'requestId', coalesce(said -> 'metadata', '{}'::jsonb)
      from (select coalesce(nullif(current_setting('examdesk.changes', true), ''), '{}')::jsonb) as s (said)
    $$;

    ${auditUnannouncedChange}
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
