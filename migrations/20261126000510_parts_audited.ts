import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- As audit_unannounced_change, for rows that are part of a record: an audit row about the record announces them.
    -- Arguments: what the log calls it, and the column that names the record.
    create function audit_unannounced_part() returns trigger language plpgsql as $$
    declare
      changed text[];
      part jsonb := to_jsonb(coalesce(new, old));
      record_id text := part ->> tg_argv[1];
    begin
      if exists (select 1 from audit_log
                 where xact = pg_current_xact_id() and resource_id in (part ->> 'id', record_id)) then
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
      select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', tg_argv[0],
             coalesce(part ->> 'id', record_id),
             jsonb_build_object('operation', lower(tg_op), 'table', tg_table_name,
                                'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
                                'of', record_id, 'databaseUser', current_user) || s.metadata
      from said_of_changes() s;
      return null;
    end $$;

    create constraint trigger specialist_services_audited after insert or update or delete on specialist_services
      deferrable initially deferred for each row execute function audit_unannounced_part('specialist', 'specialist_id');
    -- The rooms write a step of progress with a row about its booking. What is changed of one later is audited already.
    create constraint trigger booking_progress_added after insert on booking_progress
      deferrable initially deferred for each row execute function audit_unannounced_part('booking_progress', 'booking_id');

    -- Messages and events come and go on their way by themselves, several times each: that is no change of a record, and
    -- costs nothing here. What is looked at is what only a person does: take one that is over up again, give it another
    -- recipient or another content, throw it away.
    create constraint trigger emails_changed_audited after update on emails
      deferrable initially deferred for each row
      when (old.status <> 'queued' and new.status is distinct from old.status
            or (new.kind, new.recipient, new.dedupe_key) is distinct from (old.kind, old.recipient, old.dedupe_key)
            or (new.booking_id, new.intention_id, new.account_link_id, new.drift_report_id)
               is distinct from (old.booking_id, old.intention_id, old.account_link_id, old.drift_report_id))
      execute function audit_unannounced_change('email');
    create constraint trigger emails_deleted_audited after delete on emails
      deferrable initially deferred for each row execute function audit_unannounced_change('email');
    create constraint trigger webhook_events_changed_audited after update on webhook_events
      deferrable initially deferred for each row
      when (old.state in ('processed', 'dead', 'refused') and new.state is distinct from old.state
            or (new.channel, new.action, new.appointment_id, new.received_at)
               is distinct from (old.channel, old.action, old.appointment_id, old.received_at)
            or (new.body, new.headers, new.body_digest) is distinct from (old.body, old.headers, old.body_digest))
      execute function audit_unannounced_change('webhook_event');
    create constraint trigger webhook_events_deleted_audited after delete on webhook_events
      deferrable initially deferred for each row execute function audit_unannounced_change('webhook_event');
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
