import type { Knex } from 'knex';

// An admin acts as a referrer, finds the referrer to act as, and merges two records of the same referrer or organisation.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create extension if not exists pg_trgm;
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
    create index impersonations_pair_idx on impersonations (admin_id, user_id);

    -- However an acting session ends (exit, 30 minutes of inactivity, the end of the admin's own session, a ban), its
    -- impersonation ends here, with its audit row, in the same transaction.
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

    -- Only an active admin acts, and only as an active referrer.
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

    -- An acting session needs a session of the admin's own, which is not an acting session. better-auth inserts the row
    -- and we set impersonator_session_id afterwards: hence a check at the end of the transaction.
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

    -- Who is banned or gets another role acts no longer, and nobody acts as them any longer.
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

    -- Each page that an admin saw while acting. The path without its query: ids, never what was searched for.
    create table impersonation_views (
      id bigint generated always as identity primary key,
      impersonation_id uuid not null references impersonations (id) on delete cascade,
      at timestamptz not null default clock_timestamp(),
      path text not null check (length(path) <= 300)
    );
    create index impersonation_views_idx on impersonation_views (impersonation_id, id);
    create function keep_impersonation_views() returns trigger language plpgsql as $$
    begin
      raise exception 'what was seen while acting is never changed nor removed' using errcode = 'restrict_violation';
    end $$;
    create trigger impersonation_views_kept before update or delete or truncate on impersonation_views
      for each statement execute function keep_impersonation_views();

    -- Two records of the same referrer, or of the same organisation, made one. The ids of what was moved are stored, so
    -- that the merge can be undone.
    create table merges (
      id uuid primary key,
      kind text not null check (kind in ('referrer', 'organization')),
      from_id uuid not null,
      into_id uuid not null,
      from_name text not null,
      into_name text not null,
      reason text not null check (length(reason) between 1 and 500),
      moved jsonb not null, -- {"bookings.created_by_id": [ids], …}
      made_by_id uuid not null references users (id),
      made_at timestamptz not null default now(),
      undone_by_id uuid references users (id),
      undone_at timestamptz,
      check (from_id <> into_id),
      check ((undone_by_id is null) = (undone_at is null))
    );
    create index merges_made_at_idx on merges (made_at desc, id desc);
    -- What was merged away cannot be merged again until that is undone.
    create unique index merges_from_key on merges (from_id) where undone_at is null;
    create index merges_into_idx on merges (into_id) where undone_at is null;

    -- The record that stands for this one today: itself, or what it was merged into, merge after merge.
    create function merged_into(given uuid) returns uuid language sql stable as $$
      with recursive chain (id, step) as (
        select given, 0
        union all
        select m.into_id, c.step + 1 from chain c
        join merges m on m.from_id = c.id and m.undone_at is null where c.step < 100
      )
      select id from chain order by step desc limit 1
    $$;

    -- Attribution (domain.md): "by" is the referrer that a record belongs to, "for" the admin who made it while acting.
    -- Arguments: the two columns. A pair is accepted when the admin has acted as that referrer, or as one who has been
    -- merged into that referrer since; whatever role either has today, and also after the impersonation has ended (a lost
    -- answer of Acuity is settled later). A record that has its admin already may go to any other referrer (a merge,
    -- an assignment by staff).
    create function check_acting_pair() returns trigger language plpgsql as $$
    declare
      by_id uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
      for_id uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
      is_new boolean := tg_op = 'INSERT';
    begin
      if for_id is null or exists (
        select from impersonations i where i.admin_id = for_id and i.user_id = by_id
      ) or exists (
        select from impersonations i where i.admin_id = for_id and merged_into(i.user_id) = by_id
      ) then
        return new;
      end if;
      if tg_op = 'UPDATE' then
        is_new := (to_jsonb(old) ->> tg_argv[1])::uuid is distinct from for_id;
      end if;
      if is_new
        or not exists (select from users where id = by_id and role = 'referrer')
        or not exists (select from impersonations i where i.admin_id = for_id)
      then
        raise exception '% is the referrer, % the admin acting', tg_argv[0], tg_argv[1]
          using errcode = 'check_violation', constraint = tg_table_name || '_acting_pair';
      end if;
      return new;
    end $$;

    -- How admins find referrers: by name, address and organisation, without accents. Only active referrers who have an
    -- organisation: for others there is nothing to do. Trigrams of whole lines are too slow among a million people.
    -- People are found by their words, exactly; a misspelt word is first led to the words that there are (referrer_lexemes),
    -- of which there are far fewer.
    create table referrer_search (
      user_id uuid primary key references users (id) on delete cascade,
      words text not null,
      lexemes tsvector not null,
      -- The words of the name in the order of the alphabet, as one text and each: an exact name is found among however many
      -- similar names, and among the people of a firm of that name.
      name_words text not null,
      name_lexemes tsvector not null
    );
    -- 500 words, not 100: the search asks which words too many people share (referrer.search.ts).
    alter table referrer_search alter column lexemes set statistics 500;
    create index referrer_search_lexemes_idx on referrer_search using gin (lexemes);
    -- While somebody types the first letters of a name.
    create index referrer_search_start_idx on referrer_search (words text_pattern_ops);
    -- Only ever compared as a whole.
    create index referrer_search_name_idx on referrer_search using hash (name_words);
    create index referrer_search_name_lexemes_idx on referrer_search using gin (name_lexemes);

    -- Words that somebody has or had, without digits: no number is taken for a similar one. A word that nobody has any more
    -- leads to nobody.
    create table referrer_lexemes (word text primary key);
    create index referrer_lexemes_near_idx on referrer_lexemes using gin (word gin_trgm_ops);

    create function referrer_lexemes_of(said text) returns text[] language sql immutable as $$
      select coalesce(array_agg(distinct left(word, 60)), '{}')
      from regexp_split_to_table(
        -- Of an address what makes it one of many: not ".com".
        regexp_replace(translate(said, '''\`’´', ''), '(@[^[:space:]]*)[.][^[:space:].@]+', '\\1', 'g'), '[^[:alnum:]]+') word
      where word <> ''
    $$;
    create function referrer_name_words(said text) returns text language sql immutable as $$
      select array_to_string(referrer_lexemes_of(said), ' ')
    $$;
    create function referrer_words(of_user uuid) returns text language sql stable as $$
      select lower(unaccent(concat_ws(' ', u.name, u.email, o.name)))
      from users u
      join members m on m.user_id = u.id
      join organizations o on o.id = m.organization_id
      where u.id = of_user and u.role = 'referrer' and not u.banned
    $$;
    create function refresh_referrer(of_user uuid) returns void language plpgsql as $$
    declare
      said text := referrer_words(of_user);
      found_lexemes text[] := referrer_lexemes_of(said);
    begin
      if said is null then
        delete from referrer_search where user_id = of_user;
        return;
      end if;
      insert into referrer_search (user_id, words, lexemes, name_words, name_lexemes)
      select of_user, said, array_to_tsvector(found_lexemes), referrer_name_words(name),
        array_to_tsvector(referrer_lexemes_of(name))
      from (select lower(unaccent(u.name)) as name from users u where u.id = of_user) named
      on conflict (user_id) do update
        set words = excluded.words, lexemes = excluded.lexemes,
            name_words = excluded.name_words, name_lexemes = excluded.name_lexemes
      where referrer_search.words <> excluded.words or referrer_search.name_words <> excluded.name_words;
      -- In order, so that two who bring the same new words wait for each other one way round.
      insert into referrer_lexemes
        select word from unnest(found_lexemes) word where word ~ '^[[:alpha:]]{3,}$' order by word
      on conflict do nothing;
    end $$;
    create function refresh_referrer_of_user() returns trigger language plpgsql as $$
    begin perform refresh_referrer(new.id); return null; end $$;
    create function refresh_referrer_of_member() returns trigger language plpgsql as $$
    begin perform refresh_referrer(coalesce(new.user_id, old.user_id)); return null; end $$;
    create function refresh_referrers_of_organization() returns trigger language plpgsql as $$
    begin perform refresh_referrer(user_id) from members where organization_id = new.id; return null; end $$;
    create trigger users_search after insert or update of name, email, role, banned on users
      for each row execute function refresh_referrer_of_user();
    create trigger members_search after insert or update or delete on members
      for each row execute function refresh_referrer_of_member();
    create trigger organizations_search after update of name on organizations
      for each row execute function refresh_referrers_of_organization();
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
