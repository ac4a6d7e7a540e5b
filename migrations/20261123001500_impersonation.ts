import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists unaccent;

    -- An admin acting as a referrer, from when to when, and why.
    create table impersonations (
      id uuid primary key,
      admin_id uuid not null references users (id),
      user_id uuid not null references users (id),
      session_id uuid not null unique, -- of the acting session, which may be gone
      reason text not null check (length(reason) between 1 and 500),
      started_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      end_reason text check (end_reason in ('exit', 'idle', 'expired', 'session_ended')),
      check ((ended_at is null) = (end_reason is null)),
      check (admin_id <> user_id)
    );
    create index impersonations_admin_idx on impersonations (admin_id, started_at desc);
    create index impersonations_user_idx on impersonations (user_id, started_at desc);

    -- However an acting session goes (its way out, thirty quiet minutes, the admin's own session, a ban), it ends here,
    -- with its audit row, in the same transaction.
    create function end_impersonation() returns trigger language plpgsql as $$
    declare
      episode impersonations;
      why text := nullif(current_setting('examdesk.end_reason', true), '');
    begin
      if why is null then
        why := case
          when old.expires_at <= clock_timestamp() then 'expired'
          when old.last_seen_at < clock_timestamp() - interval '30 minutes' then 'idle'
          else 'session_ended' end;
      end if;
      update impersonations set ended_at = clock_timestamp(), end_reason = why
      where session_id = old.id and ended_at is null returning * into episode;
      if episode.id is not null then
        insert into audit_log (actor_id, acting_as_id, action, resource_type, resource_id, metadata)
        values (episode.admin_id, episode.user_id, 'impersonation.ended', 'user', episode.user_id::text,
                jsonb_build_object('impersonationId', episode.id, 'endReason', why, 'seconds',
                  round(extract(epoch from episode.ended_at - episode.started_at))));
      end if;
      return null;
    end $$;
    create trigger sessions_end_impersonation after delete on sessions
      for each row when (old.impersonated_by is not null) execute function end_impersonation();

    -- Never staff, never nested, always with the admin's own session behind it: whatever the code above it does.
    create function check_impersonation() returns trigger language plpgsql as $$
    begin
      if new.impersonated_by is null then
        return new;
      end if;
      if not exists (select from users where id = new.user_id and role = 'referrer' and not banned)
        or not exists (select from users where id = new.impersonated_by and role = 'admin' and not banned) then
        raise exception 'only an admin acts, and only as an active referrer'
          using errcode = 'check_violation', constraint = 'sessions_impersonation';
      end if;
      return new;
    end $$;
    create trigger sessions_check_impersonation before insert or update of user_id, impersonated_by on sessions
      for each row execute function check_impersonation();

    -- Attribution (domain.md): "by" is the referrer it belongs to, "for" the admin who did it while acting. One in the
    -- other's place is refused, whoever writes it.
    create function check_acting_pair() returns trigger language plpgsql as $$
    declare
      by_id uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
      for_id uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
    begin
      if for_id is not null and (
        not exists (select from users where id = by_id and role = 'referrer')
        or not exists (select from impersonations i where i.admin_id = for_id)
      ) then
        raise exception '% is the referrer, % the admin acting', tg_argv[0], tg_argv[1]
          using errcode = 'check_violation', constraint = tg_table_name || '_acting_pair';
      end if;
      return new;
    end $$;
    create trigger bookings_acting_pair before insert or update of created_by_id, created_for_id on bookings
      for each row execute function check_acting_pair('created_by_id', 'created_for_id');
    create trigger booking_progress_acting_pair before insert on booking_progress
      for each row execute function check_acting_pair('changed_by_id', 'changed_for_id');
    create trigger documents_acting_pair before insert or update of uploaded_by_id, uploaded_for_id on documents
      for each row execute function check_acting_pair('uploaded_by_id', 'uploaded_for_id');

    -- What a referrer is looked for by: name, address and organisation, without accents.
    create table referrer_search (
      user_id uuid primary key references users (id) on delete cascade,
      words text not null
    );
    create index referrer_search_words_idx on referrer_search using gin (words gin_trgm_ops);

    create function referrer_words(of_user uuid) returns text language sql stable as $$
      select lower(unaccent(concat_ws(' ', u.name, u.email, o.name)))
      from users u
      left join members m on m.user_id = u.id
      left join organizations o on o.id = m.organization_id
      where u.id = of_user and u.role = 'referrer'
    $$;
    create function refresh_referrer(of_user uuid) returns void language plpgsql as $$
    declare
      said text := referrer_words(of_user);
    begin
      if said is null then
        delete from referrer_search where user_id = of_user;
      else
        insert into referrer_search values (of_user, said)
        on conflict (user_id) do update set words = excluded.words where referrer_search.words <> excluded.words;
      end if;
    end $$;
    create function refresh_referrer_of_user() returns trigger language plpgsql as $$
    begin perform refresh_referrer(new.id); return null; end $$;
    create function refresh_referrer_of_member() returns trigger language plpgsql as $$
    begin perform refresh_referrer(coalesce(new.user_id, old.user_id)); return null; end $$;
    create function refresh_referrers_of_organization() returns trigger language plpgsql as $$
    begin perform refresh_referrer(user_id) from members where organization_id = new.id; return null; end $$;
    create trigger users_search after insert or update of name, email, role on users
      for each row execute function refresh_referrer_of_user();
    create trigger members_search after insert or update or delete on members
      for each row execute function refresh_referrer_of_member();
    create trigger organizations_search after update of name on organizations
      for each row execute function refresh_referrers_of_organization();
    insert into referrer_search select id, referrer_words(id) from users where role = 'referrer';
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
