import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- One session of an admin's is behind one acting session at most; and there is always one behind, the admin's own
    -- and no acting one. better-auth writes the row first and we what it hangs on: so it is asked at the end.
    delete from sessions s where s.impersonated_by is not null and not exists (
      select from sessions own
      where own.id = s.impersonator_session_id and own.user_id = s.impersonated_by and own.impersonated_by is null);
    delete from sessions s where s.impersonator_session_id is not null and exists (
      select from sessions later
      where later.impersonator_session_id = s.impersonator_session_id
        and (later.created_at, later.id) > (s.created_at, s.id));
    drop index sessions_impersonator_idx;
    create unique index sessions_impersonator_key on sessions (impersonator_session_id)
      where impersonator_session_id is not null;

    create function check_session_behind() returns trigger language plpgsql as $$
    begin
      if exists (
        select from sessions s where s.id = new.id and s.impersonated_by is not null and not exists (
          select from sessions own
          where own.id = s.impersonator_session_id and own.user_id = s.impersonated_by and own.impersonated_by is null)
      ) then
        raise exception 'an acting session hangs on the admin''s own'
          using errcode = 'check_violation', constraint = 'sessions_behind';
      end if;
      return null;
    end $$;
    create constraint trigger sessions_behind after insert or update on sessions
      deferrable initially deferred for each row when (new.impersonated_by is not null)
      execute function check_session_behind();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
