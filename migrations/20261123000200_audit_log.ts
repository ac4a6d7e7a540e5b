import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- No foreign keys: the log outlives what it speaks of.
    create table audit_log (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      actor_id uuid,
      acting_as_id uuid,
      action text not null check (action in (
        'auth.signed_in', 'auth.sign_in_failed', 'auth.signed_out', 'auth.two_factor_failed', 'auth.password_reset',
        'impersonation.started', 'impersonation.ended',
        'booking.created', 'booking.viewed', 'booking.rescheduled', 'booking.cancelled', 'booking.progressed',
        'booking.edited',
        'document.uploaded', 'document.downloaded', 'document.deleted', 'document.refused',
        'webhook.received', 'webhook.processed', 'webhook.rejected', 'webhook.replayed',
        'drift.found', 'drift.fixed', 'record.changed', 'access.denied'
      )),
      resource_type text not null,
      resource_id text,
      outcome text not null default 'success' check (outcome in ('success', 'failure', 'denied', 'pending')),
      metadata jsonb not null default '{}',
      ip text,
      user_agent text,
      request_id text,
      -- The transaction that wrote the row: how the triggers below know that a change was announced.
      xact xid8 not null default pg_current_xact_id()
    );
    create index audit_log_resource_idx on audit_log (resource_type, resource_id, id);
    create index audit_log_actor_idx on audit_log (actor_id, id);
    create index audit_log_xact_idx on audit_log (xact, resource_id);
    create index audit_log_at_idx on audit_log (at);

    create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
    end $$;
    create trigger audit_log_append_only before update or delete on audit_log
      for each row execute function refuse_audit_change();
    create trigger audit_log_no_truncate before truncate on audit_log
      for each statement execute function refuse_audit_change();

    -- Rule 4: every change has its audit row in the same transaction, also one typed into psql. At commit, a
    -- changed row that no audit row of the same transaction names gets one here: which columns, never values.
    create function audit_unannounced_change() returns trigger language plpgsql as $$
    declare
      changed text[];
      row_id text := coalesce(to_jsonb(new) ->> 'id', to_jsonb(old) ->> 'id');
    begin
      if exists (select 1 from audit_log where xact = pg_current_xact_id() and resource_id = row_id) then
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
      insert into audit_log (action, resource_type, resource_id, metadata)
      values ('record.changed', tg_argv[0], row_id,
              jsonb_build_object('operation', lower(tg_op), 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
                                 'databaseUser', current_user));
      return null;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
