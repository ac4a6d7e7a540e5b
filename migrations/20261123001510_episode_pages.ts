import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Every page that was opened while acting, written before it is answered: ids in its address, nothing typed.
    create table impersonation_pages (
      id bigint generated always as identity primary key,
      impersonation_id uuid not null references impersonations (id),
      at timestamptz not null default clock_timestamp(),
      path text not null check (length(path) between 1 and 300)
    );
    create index impersonation_pages_episode_idx on impersonation_pages (impersonation_id, id);

    create function keep_impersonation_pages() returns trigger language plpgsql as $$
    begin
      raise exception 'what was seen while acting is never changed nor removed' using errcode = 'restrict_violation';
    end $$;
    create trigger impersonation_pages_kept before update or delete or truncate on impersonation_pages
      for each statement execute function keep_impersonation_pages();

    -- Whoever is banned or given another role acts no longer, and is acted as no longer: from that moment, not from the
    -- next request on, and whoever writes it.
    create function end_acting_of_user() returns trigger language plpgsql as $$
    begin
      delete from sessions
      where impersonated_by is not null and (impersonated_by = new.id or user_id = new.id);
      return null;
    end $$;
    create trigger users_end_acting after update of banned, role on users
      for each row when (
        (new.banned and not old.banned) or new.role is distinct from old.role
      ) execute function end_acting_of_user();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
