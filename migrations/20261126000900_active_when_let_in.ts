import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- With the right password and no second step nobody was here: better-auth makes a session for the first, and takes it
    -- away again in the same transaction. So at its end is asked whether there is one.
    drop trigger sessions_activity on sessions;
    create trigger sessions_activity after update of last_seen_at on sessions
      for each row when (new.impersonated_by is null) execute function note_activity();

    create function note_first_activity() returns trigger language plpgsql as $$
    begin
      insert into user_activity
        select user_id, last_seen_at from sessions where id = new.id
      on conflict (user_id) do update set last_active_at = excluded.last_active_at
        where user_activity.last_active_at < excluded.last_active_at;
      return null;
    end $$;
    create constraint trigger sessions_first_activity after insert on sessions
      deferrable initially deferred for each row when (new.impersonated_by is null)
      execute function note_first_activity();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
