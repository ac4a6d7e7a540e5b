import type { Knex } from 'knex';

// Which question of Acuity is which detail is saved in the console. Each save is kept: what the mapping was, what it
// became, and the questions as they were then, so that later ones can be told as new, changed or removed.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table intake_mappings (
      version integer primary key check (version > 0),
      -- Detail name → id of Acuity's field; the rows of intake_fields then.
      before jsonb not null check (jsonb_typeof(before) = 'object'),
      after jsonb not null check (jsonb_typeof(after) = 'object'),
      -- [{id, form, name, type, required, isInternal}]
      seen jsonb not null check (jsonb_typeof(seen) = 'array'),
      saved_by_id uuid not null references users (id),
      saved_at timestamptz not null default now()
    );

    -- As audit_unannounced_change: one audit row about the mapping announces all changes of its transaction.
    create function audit_unannounced_mapping() returns trigger language plpgsql as $$
    declare
      changed jsonb := to_jsonb(coalesce(new, old));
    begin
      if exists (select 1 from audit_log
                 where xact = pg_current_xact_id() and resource_type = 'intake_mapping') then
        return null;
      end if;
      insert into audit_log (actor_id, acting_as_id, ip, user_agent, request_id, action, resource_type, resource_id, metadata)
      select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', 'intake_mapping',
             coalesce(changed ->> 'name', changed ->> 'version'),
             jsonb_build_object('operation', lower(tg_op), 'table', tg_table_name,
                                'field', changed -> 'acuity_field_id', 'databaseUser', current_user) || s.metadata
      from said_of_changes() s;
      return null;
    end $$;

    create constraint trigger intake_fields_audited after insert or update or delete on intake_fields
      deferrable initially deferred for each row execute function audit_unannounced_mapping();
    create constraint trigger intake_mappings_audited after insert or update or delete on intake_mappings
      deferrable initially deferred for each row execute function audit_unannounced_mapping();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
