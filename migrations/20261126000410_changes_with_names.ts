import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- A transaction that changes many rows says once who does it, from where and why (audit.changes.ts). What is changed
    -- without a row of its own then stands in the log with that, and not as if it had been typed into psql.
    create function said_of_changes(out actor_id uuid, out acting_as_id uuid, out ip text, out user_agent text,
                                    out request_id text, out metadata jsonb) language sql stable as $$
      select (said ->> 'actorId')::uuid, (said ->> 'actingAsId')::uuid, said ->> 'ip', said ->> 'userAgent',
             said ->> 'requestId', coalesce(said -> 'metadata', '{}'::jsonb)
      from (select coalesce(nullif(current_setting('examdesk.changes', true), ''), '{}')::jsonb) as s (said)
    $$;

    create or replace function audit_unannounced_change() returns trigger language plpgsql as $$
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
      insert into audit_log (actor_id, acting_as_id, ip, user_agent, request_id, action, resource_type, resource_id, metadata)
      select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', tg_argv[0], row_id,
             jsonb_build_object('operation', lower(tg_op), 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
                                'databaseUser', current_user) || s.metadata
      from said_of_changes() s;
      return null;
    end $$;

    create or replace function audit_unannounced_personal_change() returns trigger language plpgsql as $$
    declare
      changed text[];
      row_id text := coalesce(to_jsonb(new) ->> 'id', to_jsonb(old) ->> 'id');
      person_id text := coalesce(to_jsonb(new) ->> 'user_id', to_jsonb(old) ->> 'user_id');
    begin
      if exists (select 1 from audit_log
                 where xact = pg_current_xact_id() and resource_id in (row_id, person_id)) then
        return null;
      end if;
      if tg_op = 'UPDATE' then
        select array_agg(n.key order by n.key) into changed
        from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o on o.key = n.key
        where n.value is distinct from o.value and n.key <> 'updated_at';
        if changed is null then
          return null;
        end if;
      end if;
      insert into audit_log (actor_id, acting_as_id, ip, user_agent, request_id, action, resource_type, resource_id, metadata)
      select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', tg_argv[0], row_id,
             jsonb_build_object('operation', lower(tg_op), 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
                                'userId', person_id, 'databaseUser', current_user) || s.metadata
      from said_of_changes() s;
      return null;
    end $$;

    -- A step of progress is history: whoever writes another name on it is on record.
    create constraint trigger booking_progress_audited after update or delete on booking_progress
      deferrable initially deferred for each row execute function audit_unannounced_change('booking_progress');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
