import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- When somebody was here last, also when their sessions have gone. Beside users, whose every change is audited.
    -- An admin who acts as somebody is not that somebody.
    create table user_activity (
      user_id uuid primary key references users (id) on delete cascade,
      last_active_at timestamptz not null
    ) with (fillfactor = 70); -- moved on once a minute, in the same place
    insert into user_activity
      select user_id, max(last_seen_at) from sessions where impersonated_by is null group by user_id;

    create function note_activity() returns trigger language plpgsql as $$
    begin
      insert into user_activity values (new.user_id, new.last_seen_at)
      on conflict (user_id) do update set last_active_at = excluded.last_active_at
        where user_activity.last_active_at < excluded.last_active_at;
      return null;
    end $$;
    create trigger sessions_activity after insert or update of last_seen_at on sessions
      for each row when (new.impersonated_by is null) execute function note_activity();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
