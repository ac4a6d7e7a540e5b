import type { Knex } from 'knex';

// Names as in docs/glossary.md. Only names change; rows and rules stay.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table appointment_looks rename to appointment_read_versions;
    alter table appointment_read_versions rename column looks to version;
    alter index appointment_looks_pkey rename to appointment_read_versions_pkey;

    alter index drift_items_stands_idx rename to drift_items_still_different_idx;

    alter trigger sessions_behind on sessions rename to acting_session_requires_admin_session;
    alter function check_session_behind() rename to check_acting_session;
    create or replace function check_acting_session() returns trigger language plpgsql as $$
    begin
      if exists (
        select from sessions s where s.id = new.id and s.impersonated_by is not null and not exists (
          select from sessions own
          where own.id = s.impersonator_session_id and own.user_id = s.impersonated_by and own.impersonated_by is null)
      ) then
        raise exception 'an acting session requires a session of the admin'
          using errcode = 'check_violation', constraint = 'acting_session_requires_admin_session';
      end if;
      return null;
    end $$;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
