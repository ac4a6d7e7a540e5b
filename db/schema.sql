-- The schema as it is. Written by npm run migrate; change it by a new file in migrations/.
-- What the role of the app may do with it: src/db/privileges.ts. The job queue's schema is graphile-worker's own.

-- Functions may name tables that come later.
SET check_function_bodies = off;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

CREATE FUNCTION audit_unannounced_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  changed text[];
  part jsonb := to_jsonb(coalesce(new, old));
  record_id text := part ->> tg_argv[1];
begin
  if exists (
    select from audit_log
    where xact = pg_current_xact_id() and at >= transaction_timestamp() and resource_id in (part ->> 'id', record_id)
  ) or tg_argv[2] = 'any' and exists (
    select from audit_log
    where xact = pg_current_xact_id() and at >= transaction_timestamp() and resource_type = tg_argv[0]
  ) then
    return null;
  end if;
  if tg_op = 'UPDATE' then
    select array_agg(n.key order by n.key) into changed
    from jsonb_each(to_jsonb(new)) n join jsonb_each(to_jsonb(old)) o on o.key = n.key
    where n.value is distinct from o.value and n.key not in ('updated_at', 'search_text', 'search_lexemes');
    if changed is null then
      return null;
    end if;
  end if;
  insert into audit_log (actor_id, acting_as_id, ip, user_agent, request_id, action, resource_type, resource_id, metadata)
  select s.actor_id, s.acting_as_id, s.ip, s.user_agent, s.request_id, 'record.changed', tg_argv[0],
         coalesce(part ->> 'id', record_id),
         jsonb_strip_nulls(jsonb_build_object(
           'operation', lower(tg_op), 'table', tg_table_name, 'columns', coalesce(to_jsonb(changed), '[]'::jsonb),
           'of', record_id, 'field', part -> 'acuity_field_id', 'databaseUser', current_user)) || s.metadata
  from said_of_changes() s;
  return null;
end $function$;

CREATE FUNCTION business_days_before(day date, days integer)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select case when days = 0 then day else
    date '0001-01-01' + ((day - date '0001-01-01') / 7 * 5 + least((day - date '0001-01-01') % 7, 5) - days) / 5 * 7 + ((day - date '0001-01-01') / 7 * 5 + least((day - date '0001-01-01') % 7, 5) - days) % 5
  end
$function$;

CREATE FUNCTION check_acting_pair()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE FUNCTION check_acting_session()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE FUNCTION check_impersonation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE FUNCTION continue_paperwork_refresh(at_most integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  due paperwork_refreshes;
  ids uuid[];
  until timestamptz;
begin
  select * into due from paperwork_refreshes order by asked_at, specialist_id limit 1 for update;
  if not found then
    return false;
  end if;
  -- A statement for each, so that each reads its index.
  if due.specialist_id is null then
    select array_agg(id order by starts_at, id), max(starts_at) into ids, until from (
      select id, starts_at from bookings where (starts_at, id) > (due.starts_at, due.booking_id)
      order by starts_at, id limit at_most) page;
  else
    select array_agg(id order by starts_at, id), max(starts_at) into ids, until from (
      select id, starts_at from bookings
      where specialist_id = due.specialist_id and (starts_at, id) > (due.starts_at, due.booking_id)
      order by starts_at, id limit at_most) page;
  end if;
  -- Of those that have no row, as in refresh_paperwork.
  perform from bookings b where id = any(ids)
    and not exists (select from booking_paperwork k where k.booking_id = b.id)
    order by id for key share;
  insert into booking_paperwork (booking_id, starts_at)
    select id, starts_at from bookings b where id = any(ids)
      and not exists (select from booking_paperwork k where k.booking_id = b.id)
    on conflict (booking_id) do nothing;
  perform from booking_paperwork where booking_id = any(ids) order by booking_id for update;
  perform store_paperwork(ids);
  if coalesce(cardinality(ids), 0) < at_most then
    delete from paperwork_refreshes where specialist_id is not distinct from due.specialist_id;
  else
    update paperwork_refreshes set starts_at = until, booking_id = ids[at_most]
      where specialist_id is not distinct from due.specialist_id;
  end if;
  return exists (select from paperwork_refreshes);
end $function$;

CREATE FUNCTION count_members(counted uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  insert into member_counts select id, 0 from organizations where id = counted on conflict do nothing;
  perform from member_counts where organization_id = counted for update;
  update member_counts set active = (
    select count(*) from members m join users u on u.id = m.user_id where m.organization_id = counted and not u.banned)
  where organization_id = counted;
end $function$;

CREATE FUNCTION count_members_of_member()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform from users where id in (old.user_id, new.user_id) order by id for share;
  perform count_members(id) from (
    select old.organization_id union select new.organization_id order by 1) counted (id) where id is not null;
  return null;
end $function$;

CREATE FUNCTION count_members_of_user()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform count_members(organization_id) from members where user_id = new.id;
  return null;
end $function$;

CREATE FUNCTION end_acting_of_user()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from sessions
  where impersonated_by is not null and (impersonated_by = new.id or user_id = new.id);
  return null;
end $function$;

CREATE FUNCTION end_impersonation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE FUNCTION end_sessions_of_user()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from sessions where user_id = new.id or impersonated_by = new.id;
  return null;
end $function$;

CREATE FUNCTION fold_text(said text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  if octet_length(said) = length(said) then return lower(translate(said, '`', '''')); end if;
  -- Apostrophes first: as a compatibility character, U+00B4 would become a blank.
  said := normalize(translate(coalesce(said, ''), '´`‘’‛ʹʻʼʽʾʿ′', repeat('''', 12)), nfkd);
  -- Accents of Latin, Greek and Cyrillic; points of Hebrew and Arabic; characters that nobody sees.
  said := regexp_replace(said,
    '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u064b-\u065f\u0670\u0640\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]',
    '', 'g');
  -- Blanks; punctuation beyond ASCII.
  said := regexp_replace(said, '[\s\u3000-\u303f]', ' ', 'g');
  said := regexp_replace(said, '[\u0080-\u00bf\u00d7\u00f7\u2010-\u2bff]', '-', 'g');
  -- Letters that are no others with an accent.
  said := translate(lower(said), 'łøđðħıŧŋɓɗɛɔəςŁØĐÐĦŦŊ', 'loddhitnbdeoeσloddhtn');
  return replace(replace(replace(replace(replace(replace(replace(said, 'ß', 'ss'), 'ẞ', 'ss'), 'æ', 'ae'), 'Æ', 'ae'),
    'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th');
end $function$;

CREATE FUNCTION held_for_other(specialist uuid, starts timestamptz, minutes integer, person uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (
    select from wait_offers o join wait_entries e on e.id = o.entry_id
    where o.specialist_id = specialist and o.state in ('checking', 'open') and o.expires_at > clock_timestamp()
      and o.starts_at < starts + minutes * interval '1 minute'
      and starts < o.starts_at + o.duration_minutes * interval '1 minute'
      and e.created_by_id is distinct from merged_into(person))
$function$;

CREATE FUNCTION keep_impersonation_views()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'what was seen while acting is never changed nor removed' using errcode = 'restrict_violation';
end $function$;

CREATE FUNCTION keep_paperwork_of_booking()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    -- Nobody else sees the booking before this transaction commits.
    perform pg_advisory_xact_lock_shared(7265311);
    perform store_paperwork(array[new.id]);
  elsif (new.starts_at, new.time_chosen_at, new.timezone, new.specialist_id, new.status, new.current_progress, new.organization_id is null)
      is distinct from
      (old.starts_at, old.time_chosen_at, old.timezone, old.specialist_id, old.status, old.current_progress, old.organization_id is null)
  then
    perform refresh_paperwork(new.id);
  end if;
  return null;
end $function$;

CREATE FUNCTION keep_paperwork_of_document()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform refresh_paperwork(id) from (
    select distinct id from unnest(array[old.booking_id, new.booking_id]) id where id is not null order by id) touched;
  return null;
end $function$;

CREATE FUNCTION keep_paperwork_of_rules()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  is_for_all boolean := tg_op <> 'INSERT' and old.specialist_id is null
    or tg_op <> 'DELETE' and new.specialist_id is null;
begin
  perform pg_advisory_xact_lock(7265311);
  insert into paperwork_refreshes as kept (specialist_id, starts_at, booking_id)
    select distinct case when not is_for_all then id end, now() - interval '31 days', '00000000-0000-0000-0000-000000000000'::uuid
    from unnest(array[old.specialist_id, new.specialist_id]) id where is_for_all or id is not null
  on conflict (specialist_id) do update
    set starts_at = excluded.starts_at, booking_id = excluded.booking_id, asked_at = excluded.asked_at;
  perform continue_paperwork_refresh(500);
  return null;
end $function$;

CREATE FUNCTION merged_into(given uuid)
 RETURNS uuid
 LANGUAGE sql
 STABLE
AS $function$
  with recursive chain (id, step) as (
    select given, 0
    union all
    select m.into_id, c.step + 1 from chain c
    join merges m on m.from_id = c.id and m.undone_at is null where c.step < 100
  )
  select id from chain order by step desc limit 1
$function$;

CREATE FUNCTION move_news()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update booking_news set organization_id = new.organization_id where booking_id = new.id;
  return null;
end $function$;

CREATE FUNCTION note_activity()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into user_activity values (new.user_id, new.last_seen_at)
  on conflict (user_id) do update set last_active_at = excluded.last_active_at
    where user_activity.last_active_at < excluded.last_active_at;
  return null;
end $function$;

CREATE FUNCTION note_first_activity()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into user_activity
    select user_id, last_seen_at from sessions where id = new.id
  on conflict (user_id) do update set last_active_at = excluded.last_active_at
    where user_activity.last_active_at < excluded.last_active_at;
  return null;
end $function$;

CREATE FUNCTION note_freed_time()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.status = 'active'
    and (tg_op = 'DELETE' or new.status = 'cancelled' or new.starts_at <> old.starts_at
      or new.specialist_id <> old.specialist_id)
    and exists (
      select from wait_entries e left join bookings b on b.id = e.booking_id
      where e.state = 'waiting' and coalesce(e.specialist_id, b.specialist_id) = old.specialist_id
        and coalesce(e.type, b.type) = old.type)
  then
    insert into freed_times (specialist_id, type, starts_at, booking_id)
    values (old.specialist_id, old.type, old.starts_at, old.id)
    on conflict (specialist_id, type, starts_at) do update
      set state = 'open', noticed_at = clock_timestamp(), check_at = null, booking_id = excluded.booking_id;
  end if;
  return null;
end $function$;

CREATE FUNCTION paper_due_on(exam_day date, business_days integer, chosen_on date)
 RETURNS date
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select least(exam_day, greatest(business_days_before(exam_day, business_days),
    chosen_on + case (chosen_on - date '0001-01-01') % 7 when 4 then 3 when 5 then 2 else 1 end))
$function$;

CREATE FUNCTION paperwork_facts(of_booking uuid, of_specialist uuid, starts_at timestamptz, time_chosen_at timestamptz, zone text)
 RETURNS TABLE(in_time boolean, late_at timestamptz)
 LANGUAGE sql
 STABLE
AS $function$
  select bool_and(d.is_in_time),
    min((needed.due_on + 1)::timestamp at time zone zone) filter (where not d.is_there)
  from (
      select r.category, paper_due_on((starts_at at time zone zone)::date, r.business_days, (time_chosen_at at time zone zone)::date) as due_on
      from paperwork_rules r
      where r.business_days is not null and (r.specialist_id = of_specialist or r.specialist_id is null and not exists (
        select from paperwork_rules own where own.specialist_id = of_specialist and own.category = r.category))) needed
    cross join lateral (
      select coalesce(bool_or((created_at at time zone zone)::date <= needed.due_on), false) as is_in_time,
        coalesce(bool_or(status <> 'infected' and damaged_at is null), false) as is_there
      from documents where booking_id = of_booking and category = needed.category and deleted_at is null) d
$function$;

CREATE FUNCTION query_words(typed text)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
declare
  between constant text := E',;!"#$%&()*+-./:<=>@[\\]^_{|}~\t\n\r\f\v' || chr(63);
  titles constant text[] := '{mr,mrs,ms,miss,mx,dr,prof,sir,dame,hon}';
  words text[] := array(
    select left(word, 60)
    from string_to_table(
      translate(public.fold_text(typed), between || '''', repeat(' ', length(between))), ' ') with ordinality as split (word, at)
    where word <> '' group by word order by min(at) limit 10);
  names text[] := array(
    select word from unnest(words) with ordinality as split (word, at) where word <> all (titles) order by at);
begin
  return case when names = '{}' then words else names end;
end $function$;

CREATE FUNCTION queue_job(identifier text, payload json, run_at timestamptz, max_attempts integer, job_key text, job_key_mode text)
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  perform graphile_worker.add_job(identifier, payload, run_at := run_at, max_attempts := max_attempts, job_key := job_key, job_key_mode := job_key_mode);
end $function$;

CREATE FUNCTION raise_kept_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  -- Once in a transaction: others see the version only when it commits.
  update kept_version set version = version + 1 where xmin <> pg_current_xact_id()::xid;
  return null;
end $function$;

CREATE FUNCTION referrer_lexemes_of(said text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select coalesce(array_agg(distinct left(word, 60)), '{}')
  from string_to_table(search_words(without_top_domain(said)), ' ') word where word <> ''
$function$;

CREATE FUNCTION referrer_name_words(said text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select array_to_string(array(select word from unnest(query_words(said)) word order by word), ' ')
$function$;

CREATE FUNCTION referrer_typed_words(typed text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select query_words(without_top_domain(typed))
$function$;

CREATE FUNCTION referrer_words(of_user uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select fold_text(concat_ws(' ', u.name, u.email, o.name))
  from users u
  join members m on m.user_id = u.id
  join organizations o on o.id = m.organization_id
  where u.id = of_user and u.role = 'referrer' and not u.banned
$function$;

CREATE FUNCTION refresh_paperwork(of_booking uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_advisory_xact_lock_shared(7265311);
  perform from booking_paperwork where booking_id = of_booking for update;
  if not found then
    -- As the foreign key will: a transaction that holds the booking and waits for the row must not wait for us.
    perform from bookings where id = of_booking for key share;
    insert into booking_paperwork (booking_id, starts_at) select id, starts_at from bookings where id = of_booking
      on conflict (booking_id) do nothing;
    perform from booking_paperwork where booking_id = of_booking for update;
  end if;
  perform store_paperwork(array[of_booking]);
end $function$;

CREATE FUNCTION refresh_referrer(of_user uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  said text := referrer_words(of_user);
begin
  if said is null then
    delete from referrer_search where user_id = of_user;
    return;
  end if;
  insert into referrer_search (user_id, words, lexemes, name_words, name_lexemes)
  select of_user, said, search_lexemes(search_words(without_top_domain(said))), referrer_name_words(u.name),
    search_lexemes(search_words(u.name))
  from users u where u.id = of_user
  on conflict (user_id) do update
    set words = excluded.words, lexemes = excluded.lexemes,
        name_words = excluded.name_words, name_lexemes = excluded.name_lexemes
  where referrer_search.words <> excluded.words or referrer_search.name_words <> excluded.name_words
    or referrer_search.name_lexemes <> excluded.name_lexemes;
  -- In order, so that two who bring the same new words wait for each other one way round.
  insert into referrer_lexemes
    select word from unnest(referrer_lexemes_of(said)) word where word ~ '^[[:alpha:]]{3,}$' order by word
  on conflict do nothing;
end $function$;

CREATE FUNCTION refresh_referrer_of_member()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin perform refresh_referrer(coalesce(new.user_id, old.user_id)); return null; end $function$;

CREATE FUNCTION refresh_referrer_of_user()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin perform refresh_referrer(new.id); return null; end $function$;

CREATE FUNCTION refresh_referrers_of_organization()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin perform refresh_referrer(user_id) from members where organization_id = new.id; return null; end $function$;

CREATE FUNCTION refuse_audit_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'audit_log is append-only' using errcode = 'insufficient_privilege';
end $function$;

CREATE FUNCTION said_of_changes(OUT actor_id uuid, OUT acting_as_id uuid, OUT ip text, OUT user_agent text, OUT request_id text, OUT metadata jsonb)
 RETURNS record
 LANGUAGE sql
 STABLE
AS $function$
  select (said ->> 'actorId')::uuid, (said ->> 'actingAsId')::uuid, said ->> 'ip', said ->> 'userAgent',
         said ->> 'requestId', coalesce(said -> 'metadata', '{}'::jsonb)
  from (select coalesce(nullif(current_setting('examdesk.changes', true), ''), '{}')::jsonb) as s (said)
$function$;

CREATE FUNCTION search_lexemes(words text, name_words text DEFAULT ''::text)
 RETURNS tsvector
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  return array_to_tsvector(array(
    select lexeme from string_to_table(words, ' ') word,
      lateral (values (left(word, 60)), ('^' || left(word, 1)), ('^' || left(word, 2))) of_it (lexeme)
    where word <> ''
    union all
    select '=' || word from string_to_table(name_words, ' ') word where length(word) in (1, 2)));
end $function$;

CREATE FUNCTION search_words(said text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
declare
  -- chr(63) is the question mark, which knex takes for a parameter.
  inside constant text := '!"#$%&''()*+-./:<=>@[\]^_{|}~' || chr(63);
  folded text := translate(public.fold_text(said), E',;\t\n\r\f\v', '       ');
  apart text := translate(folded, inside, repeat(' ', length(inside)));
begin
  return ' ' || array_to_string(array(
    select distinct word from string_to_table(
      apart || ' ' || translate(folded, inside, '') || regexp_replace(' ' || trim(apart), ' +([^ ]{1,2}) +', ' \1', 'g'),
      ' ') word
    where word <> ''), ' ') || ' ';
end $function$;

CREATE FUNCTION set_updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.updated_at := now();
  return new;
end $function$;

CREATE FUNCTION store_paperwork(of_bookings uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
begin
  insert into booking_paperwork as kept (booking_id, starts_at, in_time, late_at)
  select b.id, b.starts_at, case when b.status <> 'cancelled' and b.organization_id is not null then facts.in_time end,
    case when b.status = 'active' and b.current_progress in ('scheduled', 'rescheduled')
      and b.organization_id is not null then facts.late_at end
  from bookings b
    cross join lateral paperwork_facts(b.id, b.specialist_id, b.starts_at, b.time_chosen_at, b.timezone) facts
  where b.id = any(of_bookings)
  on conflict (booking_id) do update
    set starts_at = excluded.starts_at, in_time = excluded.in_time, late_at = excluded.late_at
    where (kept.starts_at, kept.in_time, kept.late_at)
      is distinct from (excluded.starts_at, excluded.in_time, excluded.late_at);
end $function$;

CREATE FUNCTION tell_news(of_booking uuid, of_kind text)
 RETURNS void
 LANGUAGE sql
AS $function$
  insert into booking_news (booking_id, kind, at, organization_id)
    select id, of_kind, clock_timestamp(), organization_id from bookings where id = of_booking
  on conflict (booking_id, kind) do update set at = excluded.at, organization_id = excluded.organization_id
$function$;

CREATE FUNCTION tell_news_of_message()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform tell_news(new.booking_id, 'message');
  return null;
end $function$;

CREATE FUNCTION tell_news_of_progress()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if not exists (select from users where id = new.changed_by_id and role = 'referrer') then
    perform tell_news(new.booking_id, case new.progress when 'rescheduled' then 'moved' else new.progress end);
  end if;
  return null;
end $function$;

CREATE FUNCTION tell_news_of_report()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform tell_news(new.booking_id, 'report_ready');
  return null;
end $function$;

CREATE FUNCTION without_top_domain(said text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  -- Of an address what makes it one of many: not ".com". Its parts are words of their own.
  select translate(regexp_replace(said, '(@[^[:space:]]*)[.][^[:space:].@]+', '\1', 'g'), '@.', '  ')
$function$;

CREATE TABLE acuity_connection (
  only_row boolean DEFAULT true NOT NULL,
  checked_at timestamptz,
  trouble text,
  working_until timestamptz,
  CONSTRAINT acuity_connection_pkey PRIMARY KEY (only_row),
  CONSTRAINT acuity_connection_only_row_check CHECK (only_row),
  CONSTRAINT acuity_connection_trouble_check CHECK (trouble = ANY (ARRAY['unauthorized'::text, 'no_api_access'::text, 'limit_reached'::text, 'address'::text, 'refused'::text, 'unavailable'::text]))
);
INSERT INTO acuity_connection DEFAULT VALUES;

CREATE TABLE acuity_forms (
  only_row boolean DEFAULT true NOT NULL,
  forms jsonb,
  read_at timestamptz,
  failed_at timestamptz,
  reading_until timestamptz,
  CONSTRAINT acuity_forms_pkey PRIMARY KEY (only_row),
  CONSTRAINT acuity_forms_check CHECK ((forms IS NULL) = (read_at IS NULL)),
  CONSTRAINT acuity_forms_forms_check CHECK (jsonb_typeof(forms) = 'array'::text),
  CONSTRAINT acuity_forms_only_row_check CHECK (only_row)
);
CREATE CONSTRAINT TRIGGER acuity_forms_kept AFTER INSERT OR DELETE OR UPDATE ON acuity_forms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();
INSERT INTO acuity_forms DEFAULT VALUES;

CREATE TABLE appointment_read_versions (
  appointment_id bigint NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT appointment_read_versions_pkey PRIMARY KEY (appointment_id)
);

CREATE TABLE audit_actions (
  action text NOT NULL,
  CONSTRAINT audit_actions_pkey PRIMARY KEY (action)
);
INSERT INTO audit_actions (action) VALUES
  ('access.denied'),
  ('auth.password_reset'),
  ('auth.sign_in_failed'),
  ('auth.signed_in'),
  ('auth.signed_out'),
  ('auth.two_factor_failed'),
  ('booking.cancelled'),
  ('booking.created'),
  ('booking.edited'),
  ('booking.progressed'),
  ('booking.rescheduled'),
  ('booking.viewed'),
  ('document.deleted'),
  ('document.downloaded'),
  ('document.recalled'),
  ('document.refused'),
  ('document.released'),
  ('document.uploaded'),
  ('drift.fixed'),
  ('drift.found'),
  ('impersonation.ended'),
  ('impersonation.started'),
  ('instructions.sent'),
  ('message.answered'),
  ('message.sent'),
  ('note.added'),
  ('record.changed'),
  ('records.exported'),
  ('records.imported'),
  ('webhook.processed'),
  ('webhook.received'),
  ('webhook.rejected'),
  ('webhook.replayed');

CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  at timestamptz DEFAULT clock_timestamp() NOT NULL,
  actor_id uuid,
  acting_as_id uuid,
  action text NOT NULL,
  resource_type text NOT NULL,
  resource_id text,
  outcome text DEFAULT 'success'::text NOT NULL,
  metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
  ip text,
  user_agent text,
  request_id text,
  xact xid8 DEFAULT pg_current_xact_id() NOT NULL,
  CONSTRAINT audit_log_pkey PRIMARY KEY (id),
  CONSTRAINT audit_log_outcome_check CHECK (outcome = ANY (ARRAY['success'::text, 'failure'::text, 'denied'::text, 'pending'::text])),
  CONSTRAINT audit_log_action_fkey FOREIGN KEY (action) REFERENCES audit_actions(action)
);
CREATE INDEX audit_log_action_idx ON audit_log USING btree (action, at, id);
CREATE INDEX audit_log_actor_idx ON audit_log USING btree (actor_id, id);
CREATE INDEX audit_log_at_idx ON audit_log USING btree (at, id);
CREATE INDEX audit_log_outcome_idx ON audit_log USING btree (outcome, at, id) WHERE outcome <> 'success'::text;
CREATE INDEX audit_log_resource_idx ON audit_log USING btree (resource_id, at, id);
CREATE INDEX audit_log_type_idx ON audit_log USING btree (resource_type, at, id);
CREATE INDEX audit_log_xact_idx ON audit_log USING btree (xact, resource_id);
CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TABLE audit_seals (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  sealed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  from_id bigint NOT NULL,
  to_id bigint NOT NULL,
  row_count integer NOT NULL,
  key_id text NOT NULL,
  digest bytea NOT NULL,
  CONSTRAINT audit_seals_pkey PRIMARY KEY (id),
  CONSTRAINT audit_seals_to_id_key UNIQUE (to_id),
  CONSTRAINT audit_seals_check CHECK (to_id > from_id),
  CONSTRAINT audit_seals_row_count_check CHECK (row_count > 0)
);
CREATE TRIGGER audit_seals_append_only BEFORE DELETE OR UPDATE ON audit_seals FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TABLE custody_reports (
  id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  rows_checked integer NOT NULL,
  objects_checked integer NOT NULL,
  findings jsonb DEFAULT '[]'::jsonb NOT NULL,
  CONSTRAINT custody_reports_pkey PRIMARY KEY (id)
);
CREATE INDEX custody_reports_started_idx ON custody_reports USING btree (started_at DESC);

CREATE TABLE drift_reports (
  id uuid NOT NULL,
  kind text NOT NULL,
  from_day date NOT NULL,
  to_day date NOT NULL,
  fixes boolean NOT NULL,
  state text DEFAULT 'running'::text NOT NULL,
  next_day date NOT NULL,
  lease_until timestamptz,
  appointments integer DEFAULT 0 NOT NULL,
  found integer DEFAULT 0 NOT NULL,
  fixed integer DEFAULT 0 NOT NULL,
  unannounced integer DEFAULT 0 NOT NULL,
  last_error text,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  tells_nobody boolean DEFAULT false NOT NULL,
  CONSTRAINT drift_reports_pkey PRIMARY KEY (id),
  CONSTRAINT drift_reports_check CHECK (from_day <= to_day),
  CONSTRAINT drift_reports_check1 CHECK ((state = 'running'::text) = (finished_at IS NULL)),
  CONSTRAINT drift_reports_kind_check CHECK (kind = ANY (ARRAY['near'::text, 'all'::text, 'manual'::text, 'gap'::text])),
  CONSTRAINT drift_reports_state_check CHECK (state = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text]))
);
CREATE INDEX drift_reports_failed_idx ON drift_reports USING btree (started_at) WHERE state = 'failed'::text;
CREATE INDEX drift_reports_list_idx ON drift_reports USING btree (started_at DESC, id DESC);
CREATE UNIQUE INDEX drift_reports_one_at_a_time ON drift_reports USING btree ((true)) WHERE state = 'running'::text;

CREATE TABLE email_kinds (
  kind text NOT NULL,
  CONSTRAINT email_kinds_pkey PRIMARY KEY (kind)
);
INSERT INTO email_kinds (kind) VALUES
  ('account_invitation'),
  ('booking_cancelled'),
  ('booking_confirmation'),
  ('booking_failed'),
  ('booking_no_show'),
  ('booking_reminder'),
  ('booking_rescheduled'),
  ('daily_digest'),
  ('document_added'),
  ('drift_report'),
  ('earlier_time_offered'),
  ('email_change'),
  ('email_changed'),
  ('examinee_instructions'),
  ('examinee_reminder'),
  ('message_received'),
  ('messages_unanswered'),
  ('paperwork_reminder'),
  ('password_changed'),
  ('password_reset'),
  ('report_ready'),
  ('two_factor_changed'),
  ('unassigned_bookings'),
  ('webhooks_repaired');

CREATE TABLE imports (
  id uuid NOT NULL,
  kind text NOT NULL,
  request_digest text NOT NULL,
  options jsonb NOT NULL,
  state text DEFAULT 'running'::text NOT NULL,
  made integer DEFAULT 0 NOT NULL,
  changed integer DEFAULT 0 NOT NULL,
  matched integer DEFAULT 0 NOT NULL,
  left_out integer DEFAULT 0 NOT NULL,
  started_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  finished_at timestamptz,
  undone_at timestamptz,
  CONSTRAINT imports_pkey PRIMARY KEY (id),
  CONSTRAINT imports_kind_check CHECK (kind = ANY (ARRAY['people'::text, 'acuity'::text, 'bookings'::text])),
  CONSTRAINT imports_state_check CHECK (state = ANY (ARRAY['running'::text, 'interrupted'::text, 'done'::text, 'failed'::text, 'undone'::text]))
);
CREATE INDEX imports_started_idx ON imports USING btree (started_at DESC, id DESC);

CREATE TABLE import_records (
  id uuid NOT NULL,
  import_id uuid NOT NULL,
  record_type text NOT NULL,
  record_id uuid NOT NULL,
  effect text NOT NULL,
  acuity_appointment_id bigint,
  before jsonb DEFAULT '{}'::jsonb NOT NULL,
  after jsonb DEFAULT '{}'::jsonb NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  undone_at timestamptz,
  left_reason text,
  CONSTRAINT import_records_pkey PRIMARY KEY (id),
  CONSTRAINT import_records_effect_check CHECK (effect = ANY (ARRAY['made'::text, 'changed'::text])),
  CONSTRAINT import_records_record_type_check CHECK (record_type = ANY (ARRAY['organization'::text, 'user'::text, 'booking'::text])),
  CONSTRAINT import_records_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id)
);
CREATE INDEX import_records_appointment_idx ON import_records USING btree (acuity_appointment_id) WHERE acuity_appointment_id IS NOT NULL;
CREATE INDEX import_records_import_idx ON import_records USING btree (import_id, created_at);
CREATE INDEX import_records_record_idx ON import_records USING btree (record_id);

CREATE TABLE intake_fields (
  name text NOT NULL,
  acuity_field_id bigint NOT NULL,
  CONSTRAINT intake_fields_pkey PRIMARY KEY (name),
  CONSTRAINT intake_fields_acuity_field_id_key UNIQUE (acuity_field_id)
);
CREATE CONSTRAINT TRIGGER intake_fields_audited AFTER INSERT OR DELETE OR UPDATE ON intake_fields DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('intake_mapping', 'name', 'any');
CREATE CONSTRAINT TRIGGER intake_fields_kept AFTER INSERT OR DELETE OR UPDATE ON intake_fields DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();

CREATE TABLE kept_version (
  is_only boolean DEFAULT true NOT NULL,
  version bigint NOT NULL,
  CONSTRAINT kept_version_pkey PRIMARY KEY (is_only),
  CONSTRAINT kept_version_is_only_check CHECK (is_only)
) WITH (fillfactor=50);

CREATE TABLE organizations (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  name text NOT NULL,
  slug text NOT NULL,
  logo text,
  created_at timestamptz NOT NULL,
  metadata text,
  reminds_examinees boolean DEFAULT false NOT NULL,
  search_text text GENERATED ALWAYS AS (search_words(name)) STORED NOT NULL,
  requires_two_factor boolean DEFAULT false NOT NULL,
  examinees_call text DEFAULT ''::text NOT NULL,
  CONSTRAINT organizations_pkey PRIMARY KEY (id),
  CONSTRAINT organizations_slug_key UNIQUE (slug)
);
CREATE INDEX organizations_alphabet_idx ON organizations USING btree (lower(name), id);
CREATE INDEX organizations_list_idx ON organizations USING btree (name, id);
CREATE INDEX organizations_search_idx ON organizations USING gin (search_text gin_trgm_ops);
CREATE CONSTRAINT TRIGGER organizations_audited AFTER INSERT OR DELETE OR UPDATE ON organizations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('organization');
CREATE TRIGGER organizations_search AFTER UPDATE OF name ON organizations FOR EACH ROW EXECUTE FUNCTION refresh_referrers_of_organization();

CREATE TABLE member_counts (
  organization_id uuid NOT NULL,
  active integer NOT NULL,
  CONSTRAINT member_counts_pkey PRIMARY KEY (organization_id),
  CONSTRAINT member_counts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE
);

CREATE TABLE paperwork_refreshes (
  specialist_id uuid,
  starts_at timestamptz NOT NULL,
  booking_id uuid NOT NULL,
  asked_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT paperwork_refreshes_specialist_id_key UNIQUE NULLS NOT DISTINCT (specialist_id)
);

CREATE TABLE referrer_lexemes (
  word text NOT NULL,
  CONSTRAINT referrer_lexemes_pkey PRIMARY KEY (word)
);
CREATE INDEX referrer_lexemes_near_idx ON referrer_lexemes USING gin (word gin_trgm_ops);

CREATE TABLE refusal_counts (
  action text NOT NULL,
  resource_type text NOT NULL,
  minute timestamptz NOT NULL,
  source text NOT NULL,
  actor_id uuid,
  acting_as_id uuid,
  ip text,
  count integer DEFAULT 1 NOT NULL,
  CONSTRAINT refusal_counts_pkey PRIMARY KEY (action, resource_type, minute, source),
  CONSTRAINT refusal_counts_count_check CHECK (count > 0)
);

CREATE TABLE restores (
  id uuid NOT NULL,
  data_until timestamptz NOT NULL,
  started_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  finished_at timestamptz,
  CONSTRAINT restores_pkey PRIMARY KEY (id)
);

CREATE TABLE users (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  email_verified boolean NOT NULL,
  image text,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  role text DEFAULT 'referrer'::text NOT NULL,
  banned boolean DEFAULT false NOT NULL,
  ban_reason text,
  ban_expires timestamptz,
  two_factor_enabled boolean DEFAULT false NOT NULL,
  awaits_invitation boolean DEFAULT false NOT NULL,
  search_text text GENERATED ALWAYS AS (search_words((name || ' '::text) || email)) STORED NOT NULL,
  timezone text,
  CONSTRAINT users_pkey PRIMARY KEY (id),
  CONSTRAINT users_email_key UNIQUE (email),
  CONSTRAINT users_email_check CHECK (email = lower(email)),
  CONSTRAINT users_named CHECK (TRIM(BOTH FROM name) <> ''::text),
  CONSTRAINT users_role_check CHECK (role = ANY (ARRAY['referrer'::text, 'support'::text, 'admin'::text]))
);
CREATE INDEX users_banned_idx ON users USING btree (id) WHERE banned;
CREATE INDEX users_list_idx ON users USING btree (name, id);
CREATE INDEX users_search_idx ON users USING gin (search_text gin_trgm_ops);
CREATE INDEX users_staff_idx ON users USING btree (role, name, id) WHERE role <> 'referrer'::text;
CREATE CONSTRAINT TRIGGER users_audited AFTER INSERT OR DELETE OR UPDATE ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('user');
CREATE TRIGGER users_count AFTER UPDATE OF banned ON users FOR EACH ROW WHEN (old.banned IS DISTINCT FROM new.banned) EXECUTE FUNCTION count_members_of_user();
CREATE TRIGGER users_end_acting AFTER UPDATE OF banned, role ON users FOR EACH ROW WHEN (new.banned AND NOT old.banned OR new.role IS DISTINCT FROM old.role) EXECUTE FUNCTION end_acting_of_user();
CREATE TRIGGER users_end_sessions AFTER UPDATE OF role, banned ON users FOR EACH ROW WHEN (old.role IS DISTINCT FROM new.role OR new.banned AND NOT old.banned) EXECUTE FUNCTION end_sessions_of_user();
CREATE TRIGGER users_search AFTER INSERT OR UPDATE OF name, email, role, banned ON users FOR EACH ROW EXECUTE FUNCTION refresh_referrer_of_user();
CREATE TRIGGER users_updated_at BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE account_links (
  id uuid NOT NULL,
  kind text NOT NULL,
  user_id uuid,
  email text NOT NULL,
  name text,
  role text,
  organization_id uuid,
  created_by_id uuid,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT account_links_pkey PRIMARY KEY (id),
  CONSTRAINT account_links_check CHECK ((kind = 'invitation'::text) = (user_id IS NULL)),
  CONSTRAINT account_links_check1 CHECK ((kind = 'invitation'::text) = (role IS NOT NULL)),
  CONSTRAINT account_links_check2 CHECK ((NOT role IS DISTINCT FROM 'referrer'::text) = (organization_id IS NOT NULL)),
  CONSTRAINT account_links_check3 CHECK (used_at IS NULL OR revoked_at IS NULL),
  CONSTRAINT account_links_email_check CHECK (email = lower(email)),
  CONSTRAINT account_links_kind_check CHECK (kind = ANY (ARRAY['invitation'::text, 'password_reset'::text, 'email_change'::text])),
  CONSTRAINT account_links_role_check CHECK (role = ANY (ARRAY['referrer'::text, 'support'::text, 'admin'::text])),
  CONSTRAINT account_links_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id) ON DELETE SET NULL,
  CONSTRAINT account_links_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  CONSTRAINT account_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX account_links_created_by_idx ON account_links USING btree (created_by_id) WHERE created_by_id IS NOT NULL;
CREATE UNIQUE INDEX account_links_one_invitation_key ON account_links USING btree (email) WHERE kind = 'invitation'::text AND used_at IS NULL AND revoked_at IS NULL;
CREATE INDEX account_links_organization_idx ON account_links USING btree (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX account_links_user_idx ON account_links USING btree (user_id, kind) WHERE user_id IS NOT NULL;
CREATE CONSTRAINT TRIGGER account_links_audited AFTER INSERT OR DELETE OR UPDATE ON account_links DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('account_link');
CREATE TRIGGER account_links_updated_at BEFORE UPDATE ON account_links FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE accounts (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  account_id text NOT NULL,
  provider_id text NOT NULL,
  user_id uuid NOT NULL,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT accounts_pkey PRIMARY KEY (id),
  CONSTRAINT accounts_provider_id_account_id_key UNIQUE (provider_id, account_id),
  CONSTRAINT accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX accounts_user_id_idx ON accounts USING btree (user_id);
CREATE CONSTRAINT TRIGGER accounts_audited AFTER INSERT OR DELETE OR UPDATE ON accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('account', 'user_id');
CREATE TRIGGER accounts_updated_at BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE booking_drafts (
  id uuid NOT NULL,
  owner_id uuid NOT NULL,
  data jsonb DEFAULT '{}'::jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  organization_id uuid,
  CONSTRAINT booking_drafts_pkey PRIMARY KEY (id),
  CONSTRAINT booking_drafts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT booking_drafts_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX booking_drafts_expires_idx ON booking_drafts USING btree (expires_at);
CREATE INDEX booking_drafts_owner_idx ON booking_drafts USING btree (owner_id);
CREATE TRIGGER booking_drafts_updated_at BEFORE UPDATE ON booking_drafts FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE bulk_actions (
  id uuid NOT NULL,
  kind text NOT NULL,
  made_by_id uuid NOT NULL,
  input jsonb DEFAULT '{}'::jsonb NOT NULL,
  request jsonb,
  state text DEFAULT 'prepared'::text NOT NULL,
  is_cut boolean DEFAULT false NOT NULL,
  worked_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  begun_at timestamptz,
  ended_at timestamptz,
  stopped_by_id uuid,
  paused_until timestamptz,
  CONSTRAINT bulk_actions_pkey PRIMARY KEY (id),
  CONSTRAINT bulk_actions_check CHECK ((state = 'prepared'::text) = (begun_at IS NULL)),
  CONSTRAINT bulk_actions_check1 CHECK ((state = ANY (ARRAY['stopped'::text, 'done'::text])) = (ended_at IS NOT NULL)),
  CONSTRAINT bulk_actions_state_check CHECK (state = ANY (ARRAY['prepared'::text, 'running'::text, 'stopped'::text, 'done'::text])),
  CONSTRAINT bulk_actions_made_by_id_fkey FOREIGN KEY (made_by_id) REFERENCES users(id),
  CONSTRAINT bulk_actions_stopped_by_id_fkey FOREIGN KEY (stopped_by_id) REFERENCES users(id)
);
CREATE INDEX bulk_actions_maker_idx ON bulk_actions USING btree (made_by_id);
CREATE INDEX bulk_actions_state_idx ON bulk_actions USING btree (state, created_at);
CREATE INDEX bulk_actions_stopper_idx ON bulk_actions USING btree (stopped_by_id) WHERE stopped_by_id IS NOT NULL;

CREATE TABLE bulk_items (
  bulk_action_id uuid NOT NULL,
  place integer NOT NULL,
  record_id uuid NOT NULL,
  seen text NOT NULL,
  state text NOT NULL,
  reason text,
  settled_at timestamptz,
  tries integer DEFAULT 0 NOT NULL,
  CONSTRAINT bulk_items_pkey PRIMARY KEY (bulk_action_id, place),
  CONSTRAINT bulk_items_check CHECK ((state = 'skipped'::text) = (reason IS NOT NULL)),
  CONSTRAINT bulk_items_state_check CHECK (state = ANY (ARRAY['waiting'::text, 'done'::text, 'skipped'::text])),
  CONSTRAINT bulk_items_bulk_action_id_fkey FOREIGN KEY (bulk_action_id) REFERENCES bulk_actions(id) ON DELETE CASCADE
);
CREATE INDEX bulk_items_done_idx ON bulk_items USING btree (record_id, settled_at) WHERE state = 'done'::text;
CREATE INDEX bulk_items_waiting_idx ON bulk_items USING btree (bulk_action_id, tries, place) WHERE state = 'waiting'::text;

CREATE TABLE calendar_feeds (
  user_id uuid NOT NULL,
  token_digest bytea NOT NULL,
  shows_details boolean DEFAULT false NOT NULL,
  shows_colleagues boolean DEFAULT false NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT calendar_feeds_pkey PRIMARY KEY (user_id),
  CONSTRAINT calendar_feeds_token_digest_key UNIQUE (token_digest),
  CONSTRAINT calendar_feeds_token_digest_check CHECK (octet_length(token_digest) = 32),
  CONSTRAINT calendar_feeds_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE CONSTRAINT TRIGGER calendar_feeds_audited AFTER INSERT OR DELETE OR UPDATE ON calendar_feeds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('user', 'user_id');

CREATE TABLE console_columns (
  user_id uuid NOT NULL,
  list text NOT NULL,
  columns text[] NOT NULL,
  CONSTRAINT console_columns_pkey PRIMARY KEY (user_id, list),
  CONSTRAINT console_columns_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE console_views (
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  list text NOT NULL,
  name text NOT NULL,
  query text NOT NULL,
  columns text[],
  is_shared boolean DEFAULT false NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT console_views_pkey PRIMARY KEY (id),
  CONSTRAINT console_views_user_id_list_name_key UNIQUE (user_id, list, name),
  CONSTRAINT console_views_name_check CHECK (name <> ''::text AND length(name) <= 60),
  CONSTRAINT console_views_query_check CHECK (length(query) <= 4000),
  CONSTRAINT console_views_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX console_views_shared_idx ON console_views USING btree (list) WHERE is_shared;
CREATE TRIGGER console_views_updated_at BEFORE UPDATE ON console_views FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE daily_digests (
  user_id uuid NOT NULL,
  day date NOT NULL,
  CONSTRAINT daily_digests_pkey PRIMARY KEY (user_id, day),
  CONSTRAINT daily_digests_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX daily_digests_day_idx ON daily_digests USING btree (day);

CREATE TABLE impersonations (
  id uuid NOT NULL,
  admin_id uuid NOT NULL,
  user_id uuid NOT NULL,
  session_id uuid NOT NULL,
  reason text NOT NULL,
  started_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  ended_at timestamptz,
  end_reason text,
  CONSTRAINT impersonations_pkey PRIMARY KEY (id),
  CONSTRAINT impersonations_session_id_key UNIQUE (session_id),
  CONSTRAINT impersonations_check CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  CONSTRAINT impersonations_check1 CHECK (admin_id <> user_id),
  CONSTRAINT impersonations_end_reason_check CHECK (end_reason = ANY (ARRAY['exit'::text, 'idle'::text, 'expired'::text, 'session_ended'::text])),
  CONSTRAINT impersonations_reason_check CHECK (length(reason) >= 1 AND length(reason) <= 500),
  CONSTRAINT impersonations_admin_id_fkey FOREIGN KEY (admin_id) REFERENCES users(id),
  CONSTRAINT impersonations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE INDEX impersonations_admin_idx ON impersonations USING btree (admin_id, started_at DESC);
CREATE INDEX impersonations_pair_idx ON impersonations USING btree (admin_id, user_id);
CREATE INDEX impersonations_user_idx ON impersonations USING btree (user_id, started_at DESC);

CREATE TABLE impersonation_views (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  impersonation_id uuid NOT NULL,
  at timestamptz DEFAULT clock_timestamp() NOT NULL,
  path text NOT NULL,
  CONSTRAINT impersonation_views_pkey PRIMARY KEY (id),
  CONSTRAINT impersonation_views_path_check CHECK (length(path) <= 300),
  CONSTRAINT impersonation_views_impersonation_id_fkey FOREIGN KEY (impersonation_id) REFERENCES impersonations(id) ON DELETE CASCADE
);
CREATE INDEX impersonation_views_idx ON impersonation_views USING btree (impersonation_id, id);
CREATE TRIGGER impersonation_views_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON impersonation_views FOR EACH STATEMENT EXECUTE FUNCTION keep_impersonation_views();

CREATE TABLE intake_mappings (
  version integer NOT NULL,
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  seen jsonb NOT NULL,
  saved_by_id uuid NOT NULL,
  saved_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT intake_mappings_pkey PRIMARY KEY (version),
  CONSTRAINT intake_mappings_after_check CHECK (jsonb_typeof(after) = 'object'::text),
  CONSTRAINT intake_mappings_before_check CHECK (jsonb_typeof(before) = 'object'::text),
  CONSTRAINT intake_mappings_seen_check CHECK (jsonb_typeof(seen) = 'array'::text),
  CONSTRAINT intake_mappings_version_check CHECK (version > 0),
  CONSTRAINT intake_mappings_saved_by_id_fkey FOREIGN KEY (saved_by_id) REFERENCES users(id)
);
CREATE CONSTRAINT TRIGGER intake_mappings_audited AFTER INSERT OR DELETE OR UPDATE ON intake_mappings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('intake_mapping', 'version', 'any');

CREATE TABLE invitations (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  organization_id uuid NOT NULL,
  email text NOT NULL,
  role text,
  status text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  inviter_id uuid NOT NULL,
  CONSTRAINT invitations_pkey PRIMARY KEY (id),
  CONSTRAINT invitations_status_check CHECK (status = ANY (ARRAY['pending'::text, 'accepted'::text, 'rejected'::text, 'canceled'::text])),
  CONSTRAINT invitations_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE
);
CREATE INDEX invitations_email_idx ON invitations USING btree (email);
CREATE INDEX invitations_organization_id_idx ON invitations USING btree (organization_id);

CREATE TABLE kept_forms (
  browser_id uuid NOT NULL,
  action text NOT NULL,
  user_id uuid NOT NULL,
  admin_id uuid,
  fields jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT kept_forms_pkey PRIMARY KEY (browser_id, action),
  CONSTRAINT kept_forms_admin_id_fkey FOREIGN KEY (admin_id) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT kept_forms_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX kept_forms_expires_idx ON kept_forms USING btree (expires_at);

CREATE TABLE mail_preferences (
  user_id uuid NOT NULL,
  kind text NOT NULL,
  delivery text NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT mail_preferences_pkey PRIMARY KEY (user_id, kind),
  CONSTRAINT mail_preferences_delivery_check CHECK (delivery = ANY (ARRAY['at_once'::text, 'daily'::text, 'off'::text])),
  CONSTRAINT mail_preferences_kind_fkey FOREIGN KEY (kind) REFERENCES email_kinds(kind),
  CONSTRAINT mail_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE CONSTRAINT TRIGGER mail_preferences_audited AFTER INSERT OR DELETE OR UPDATE ON mail_preferences DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('user', 'user_id');
CREATE TRIGGER mail_preferences_updated_at BEFORE UPDATE ON mail_preferences FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE members (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  organization_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT members_pkey PRIMARY KEY (id),
  CONSTRAINT members_user_id_key UNIQUE (user_id),
  CONSTRAINT members_role_check CHECK (role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])),
  CONSTRAINT members_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id) ON DELETE CASCADE,
  CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX members_organization_idx ON members USING btree (organization_id, user_id);
CREATE CONSTRAINT TRIGGER members_audited AFTER INSERT OR DELETE OR UPDATE ON members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('member', 'user_id');
CREATE TRIGGER members_count AFTER INSERT OR DELETE OR UPDATE ON members FOR EACH ROW EXECUTE FUNCTION count_members_of_member();
CREATE TRIGGER members_search AFTER INSERT OR DELETE OR UPDATE ON members FOR EACH ROW EXECUTE FUNCTION refresh_referrer_of_member();

CREATE TABLE merges (
  id uuid NOT NULL,
  kind text NOT NULL,
  from_id uuid NOT NULL,
  into_id uuid NOT NULL,
  from_name text NOT NULL,
  into_name text NOT NULL,
  reason text NOT NULL,
  moved jsonb NOT NULL,
  made_by_id uuid NOT NULL,
  made_at timestamptz DEFAULT now() NOT NULL,
  undone_by_id uuid,
  undone_at timestamptz,
  CONSTRAINT merges_pkey PRIMARY KEY (id),
  CONSTRAINT merges_check CHECK (from_id <> into_id),
  CONSTRAINT merges_check1 CHECK ((undone_by_id IS NULL) = (undone_at IS NULL)),
  CONSTRAINT merges_kind_check CHECK (kind = ANY (ARRAY['referrer'::text, 'organization'::text])),
  CONSTRAINT merges_reason_check CHECK (length(reason) >= 1 AND length(reason) <= 500),
  CONSTRAINT merges_made_by_id_fkey FOREIGN KEY (made_by_id) REFERENCES users(id),
  CONSTRAINT merges_undone_by_id_fkey FOREIGN KEY (undone_by_id) REFERENCES users(id)
);
CREATE UNIQUE INDEX merges_from_key ON merges USING btree (from_id) WHERE undone_at IS NULL;
CREATE INDEX merges_into_idx ON merges USING btree (into_id) WHERE undone_at IS NULL;
CREATE INDEX merges_made_at_idx ON merges USING btree (made_at DESC, id DESC);

CREATE TABLE referrer_search (
  user_id uuid NOT NULL,
  words text NOT NULL,
  lexemes tsvector NOT NULL,
  name_words text NOT NULL,
  name_lexemes tsvector NOT NULL,
  CONSTRAINT referrer_search_pkey PRIMARY KEY (user_id),
  CONSTRAINT referrer_search_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
ALTER TABLE referrer_search ALTER COLUMN lexemes SET STATISTICS 500;
CREATE INDEX referrer_search_lexemes_idx ON referrer_search USING gin (lexemes);
CREATE INDEX referrer_search_name_idx ON referrer_search USING hash (name_words);
CREATE INDEX referrer_search_name_lexemes_idx ON referrer_search USING gin (name_lexemes);
CREATE INDEX referrer_search_start_idx ON referrer_search USING btree (words text_pattern_ops);

CREATE TABLE sessions (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  expires_at timestamptz NOT NULL,
  token text NOT NULL,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamptz NOT NULL,
  ip_address text,
  user_agent text,
  user_id uuid NOT NULL,
  impersonated_by uuid,
  active_organization_id text,
  impersonator_session_id uuid,
  last_seen_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT sessions_pkey PRIMARY KEY (id),
  CONSTRAINT sessions_token_key UNIQUE (token),
  CONSTRAINT sessions_impersonated_by_fkey FOREIGN KEY (impersonated_by) REFERENCES users(id) ON DELETE CASCADE,
  CONSTRAINT sessions_impersonator_session_id_fkey FOREIGN KEY (impersonator_session_id) REFERENCES sessions(id) ON DELETE CASCADE,
  CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX sessions_expires_at_idx ON sessions USING btree (expires_at);
CREATE INDEX sessions_impersonated_by_idx ON sessions USING btree (impersonated_by) WHERE impersonated_by IS NOT NULL;
CREATE UNIQUE INDEX sessions_impersonator_key ON sessions USING btree (impersonator_session_id) WHERE impersonator_session_id IS NOT NULL;
CREATE INDEX sessions_user_id_idx ON sessions USING btree (user_id);
CREATE CONSTRAINT TRIGGER acting_session_requires_admin_session AFTER INSERT OR UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.impersonated_by IS NOT NULL) EXECUTE FUNCTION check_acting_session();
CREATE TRIGGER sessions_activity AFTER UPDATE OF last_seen_at ON sessions FOR EACH ROW WHEN (new.impersonated_by IS NULL) EXECUTE FUNCTION note_activity();
CREATE TRIGGER sessions_check_impersonation BEFORE INSERT OR UPDATE OF user_id, impersonated_by ON sessions FOR EACH ROW EXECUTE FUNCTION check_impersonation();
CREATE TRIGGER sessions_end_impersonation AFTER DELETE ON sessions FOR EACH ROW WHEN (old.impersonated_by IS NOT NULL) EXECUTE FUNCTION end_impersonation();
CREATE CONSTRAINT TRIGGER sessions_first_activity AFTER INSERT ON sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.impersonated_by IS NULL) EXECUTE FUNCTION note_first_activity();

CREATE TABLE specialists (
  id uuid NOT NULL,
  user_id uuid,
  name text NOT NULL,
  title text,
  specialty text NOT NULL,
  location text,
  timezone text NOT NULL,
  acuity_calendar_id bigint NOT NULL,
  is_active boolean DEFAULT true NOT NULL,
  position integer DEFAULT 0 NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  search_text text GENERATED ALWAYS AS (search_words(name)) STORED NOT NULL,
  qualifications text,
  languages text,
  examines text,
  report_days integer,
  CONSTRAINT specialists_pkey PRIMARY KEY (id),
  CONSTRAINT specialists_acuity_calendar_id_key UNIQUE (acuity_calendar_id),
  CONSTRAINT specialists_user_id_key UNIQUE (user_id),
  CONSTRAINT specialists_examines_check CHECK (examines <> ''::text),
  CONSTRAINT specialists_languages_check CHECK (languages <> ''::text),
  CONSTRAINT specialists_qualifications_check CHECK (qualifications <> ''::text),
  CONSTRAINT specialists_report_days_check CHECK (report_days >= 1 AND report_days <= 365),
  CONSTRAINT specialists_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL
);
CREATE INDEX specialists_list_idx ON specialists USING btree (is_active, "position", name);
CREATE CONSTRAINT TRIGGER specialists_audited AFTER INSERT OR DELETE OR UPDATE ON specialists DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('specialist');
CREATE CONSTRAINT TRIGGER specialists_kept AFTER INSERT OR DELETE OR UPDATE ON specialists DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();
CREATE TRIGGER specialists_updated_at BEFORE UPDATE ON specialists FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE bookings (
  id uuid NOT NULL,
  reference text NOT NULL,
  acuity_appointment_id bigint NOT NULL,
  specialist_id uuid NOT NULL,
  organization_id uuid,
  created_by_id uuid,
  created_for_id uuid,
  examinee_first_name text NOT NULL,
  examinee_last_name text NOT NULL,
  examinee_phone text NOT NULL,
  examinee_email text,
  examinee_date_of_birth date,
  claim_number text,
  starts_at timestamptz NOT NULL,
  duration_minutes integer NOT NULL,
  timezone text NOT NULL,
  type text NOT NULL,
  location text,
  meeting_link text,
  status text DEFAULT 'active'::text NOT NULL,
  current_progress text DEFAULT 'scheduled'::text NOT NULL,
  source text NOT NULL,
  external_created_by text,
  details_needed boolean DEFAULT false NOT NULL,
  notes text DEFAULT ''::text NOT NULL,
  version integer DEFAULT 1 NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  acuity_answers_digest text,
  interpreter_language text,
  search_text text GENERATED ALWAYS AS (search_words((((((examinee_first_name || ' '::text) || examinee_last_name) || ' '::text) || reference) || ' '::text) || COALESCE(claim_number, ''::text))) STORED NOT NULL,
  search_lexemes tsvector GENERATED ALWAYS AS (search_lexemes(search_words((((((examinee_first_name || ' '::text) || examinee_last_name) || ' '::text) || reference) || ' '::text) || COALESCE(claim_number, ''::text)), search_words((examinee_first_name || ' '::text) || examinee_last_name))) STORED NOT NULL,
  time_chosen_at timestamptz,
  CONSTRAINT bookings_pkey PRIMARY KEY (id),
  CONSTRAINT bookings_acuity_appointment_id_key UNIQUE (acuity_appointment_id),
  CONSTRAINT bookings_reference_key UNIQUE (reference),
  CONSTRAINT bookings_acting CHECK (created_for_id IS NULL OR created_by_id IS NOT NULL),
  CONSTRAINT bookings_assigned CHECK (source = 'acuity_direct'::text OR organization_id IS NOT NULL AND created_by_id IS NOT NULL),
  CONSTRAINT bookings_cancelled CHECK (status <> 'cancelled'::text OR current_progress = 'cancelled'::text),
  CONSTRAINT bookings_cancelled_progress CHECK (current_progress <> 'cancelled'::text OR (status = ANY (ARRAY['cancelled'::text, 'archived'::text]))),
  CONSTRAINT bookings_current_progress_check CHECK (current_progress = ANY (ARRAY['scheduled'::text, 'rescheduled'::text, 'cancelled'::text, 'no_show'::text, 'generating_report'::text, 'report_generated'::text, 'payment_received'::text])),
  CONSTRAINT bookings_duration_minutes_check CHECK (duration_minutes > 0),
  CONSTRAINT bookings_interpreter_language_check CHECK (interpreter_language <> ''::text),
  CONSTRAINT bookings_reference_check CHECK (reference ~ '^EX-[2-9A-HJKMNP-TV-Z]{6}$'::text),
  CONSTRAINT bookings_source_check CHECK (source = ANY (ARRAY['portal'::text, 'acuity_direct'::text])),
  CONSTRAINT bookings_status_check CHECK (status = ANY (ARRAY['active'::text, 'cancelled'::text, 'closed'::text, 'archived'::text])),
  CONSTRAINT bookings_type_check CHECK (type = ANY (ARRAY['in_person'::text, 'telehealth'::text])),
  CONSTRAINT bookings_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id),
  CONSTRAINT bookings_created_for_id_fkey FOREIGN KEY (created_for_id) REFERENCES users(id),
  CONSTRAINT bookings_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT bookings_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id)
);
ALTER TABLE bookings ALTER COLUMN search_text SET STATISTICS 1000;
ALTER TABLE bookings ALTER COLUMN search_lexemes SET STATISTICS 1000;
CREATE INDEX bookings_active_progress_idx ON bookings USING btree (current_progress, starts_at DESC, id DESC) WHERE status = 'active'::text;
CREATE INDEX bookings_are_archived_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE status = 'archived'::text;
CREATE INDEX bookings_are_cancelled_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE status = 'cancelled'::text;
CREATE INDEX bookings_are_closed_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE status = 'closed'::text;
CREATE INDEX bookings_created_at_idx ON bookings USING btree (created_at, source);
CREATE INDEX bookings_created_by_idx ON bookings USING btree (created_by_id);
CREATE INDEX bookings_day_idx ON bookings USING btree (((starts_at AT TIME ZONE timezone)::date), starts_at DESC, id DESC);
CREATE INDEX bookings_details_needed_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE details_needed;
CREATE INDEX bookings_lexemes_idx ON bookings USING gin (search_lexemes);
CREATE INDEX bookings_list_idx ON bookings USING btree (starts_at DESC, id DESC);
CREATE INDEX bookings_made_in_acuity_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE source = 'acuity_direct'::text;
CREATE INDEX bookings_organization_list_idx ON bookings USING btree (organization_id, starts_at DESC, id DESC);
CREATE INDEX bookings_progress_cancelled_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'cancelled'::text;
CREATE INDEX bookings_progress_generating_report_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'generating_report'::text;
CREATE INDEX bookings_progress_no_show_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'no_show'::text;
CREATE INDEX bookings_progress_payment_received_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'payment_received'::text;
CREATE INDEX bookings_progress_report_generated_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'report_generated'::text;
CREATE INDEX bookings_progress_rescheduled_idx ON bookings USING btree (starts_at DESC, id DESC) WHERE current_progress = 'rescheduled'::text;
CREATE INDEX bookings_search_idx ON bookings USING gin (search_text gin_trgm_ops);
CREATE INDEX bookings_specialist_idx ON bookings USING btree (specialist_id, starts_at DESC, id DESC);
CREATE INDEX bookings_upcoming_idx ON bookings USING btree (starts_at, id) INCLUDE (duration_minutes) WHERE status = 'active'::text;
CREATE INDEX bookings_without_referrer_idx ON bookings USING btree (starts_at) WHERE created_by_id IS NULL;
CREATE TRIGGER bookings_acting_pair BEFORE INSERT OR UPDATE OF created_by_id, created_for_id ON bookings FOR EACH ROW WHEN (new.created_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('created_by_id', 'created_for_id');
CREATE CONSTRAINT TRIGGER bookings_audited AFTER INSERT OR DELETE OR UPDATE ON bookings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking');
CREATE TRIGGER bookings_free_times AFTER DELETE OR UPDATE OF status, starts_at, specialist_id ON bookings FOR EACH ROW EXECUTE FUNCTION note_freed_time();
CREATE CONSTRAINT TRIGGER bookings_kept AFTER UPDATE OF organization_id ON bookings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.organization_id IS DISTINCT FROM new.organization_id) EXECUTE FUNCTION raise_kept_version();
CREATE TRIGGER bookings_news AFTER UPDATE OF organization_id ON bookings FOR EACH ROW WHEN (new.organization_id IS DISTINCT FROM old.organization_id) EXECUTE FUNCTION move_news();
CREATE CONSTRAINT TRIGGER bookings_paperwork AFTER INSERT OR UPDATE OF starts_at, time_chosen_at, timezone, specialist_id, status, current_progress, organization_id ON bookings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_paperwork_of_booking();
CREATE TRIGGER bookings_updated_at BEFORE UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE booking_answers (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  answers jsonb NOT NULL,
  acuity_digest text NOT NULL,
  source text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT booking_answers_pkey PRIMARY KEY (id),
  CONSTRAINT booking_answers_answers_check CHECK (jsonb_typeof(answers) = 'array'::text),
  CONSTRAINT booking_answers_source_check CHECK (source = ANY (ARRAY['portal'::text, 'acuity'::text, 'reconciliation'::text, 'import'::text])),
  CONSTRAINT booking_answers_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id)
);
CREATE INDEX booking_answers_booking_idx ON booking_answers USING btree (booking_id, created_at DESC, id DESC);
CREATE CONSTRAINT TRIGGER booking_answers_audited AFTER INSERT OR DELETE OR UPDATE ON booking_answers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking_answers', 'booking_id');

CREATE TABLE booking_attempts (
  id uuid NOT NULL,
  kind text NOT NULL,
  state text DEFAULT 'open'::text NOT NULL,
  booking_id uuid,
  reference text NOT NULL,
  specialist_id uuid NOT NULL,
  organization_id uuid,
  created_by_id uuid,
  created_for_id uuid,
  idempotency_key text,
  request_hash text NOT NULL,
  request jsonb NOT NULL,
  starts_at timestamptz,
  failure jsonb,
  acuity_called_at timestamptz,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  settled_at timestamptz,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT booking_attempts_pkey PRIMARY KEY (id),
  CONSTRAINT booking_attempts_check CHECK ((state = 'open'::text) = (settled_at IS NULL)),
  CONSTRAINT booking_attempts_check1 CHECK (state <> 'completed'::text OR booking_id IS NOT NULL),
  CONSTRAINT booking_attempts_kind_check CHECK (kind = ANY (ARRAY['book'::text, 'reschedule'::text, 'cancel'::text])),
  CONSTRAINT booking_attempts_state_check CHECK (state = ANY (ARRAY['open'::text, 'completed'::text, 'failed'::text])),
  CONSTRAINT booking_attempts_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT booking_attempts_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id),
  CONSTRAINT booking_attempts_created_for_id_fkey FOREIGN KEY (created_for_id) REFERENCES users(id),
  CONSTRAINT booking_attempts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT booking_attempts_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id)
);
CREATE UNIQUE INDEX booking_attempts_idempotency_key ON booking_attempts USING btree (created_by_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX booking_attempts_one_change_key ON booking_attempts USING btree (booking_id) WHERE state = 'open'::text AND kind <> 'book'::text;
CREATE INDEX booking_attempts_open_idx ON booking_attempts USING btree (created_at) WHERE state = 'open'::text;
CREATE UNIQUE INDEX booking_attempts_reference_key ON booking_attempts USING btree (reference) WHERE kind = 'book'::text;
CREATE UNIQUE INDEX booking_attempts_slot_key ON booking_attempts USING btree (specialist_id, starts_at) WHERE state = 'open'::text AND kind = 'book'::text;
CREATE TRIGGER booking_attempts_acting_pair BEFORE INSERT OR UPDATE OF created_by_id, created_for_id ON booking_attempts FOR EACH ROW WHEN (new.created_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('created_by_id', 'created_for_id');
CREATE TRIGGER booking_attempts_updated_at BEFORE UPDATE ON booking_attempts FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE booking_contacts (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  user_id uuid NOT NULL,
  role text NOT NULL,
  created_by_id uuid NOT NULL,
  created_for_id uuid,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT booking_contacts_pkey PRIMARY KEY (id),
  CONSTRAINT booking_contacts_booking_id_user_id_role_key UNIQUE (booking_id, user_id, role),
  CONSTRAINT booking_contacts_role_check CHECK (role = ANY (ARRAY['solicitor'::text, 'report_recipient'::text])),
  CONSTRAINT booking_contacts_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT booking_contacts_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id),
  CONSTRAINT booking_contacts_created_for_id_fkey FOREIGN KEY (created_for_id) REFERENCES users(id),
  CONSTRAINT booking_contacts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE INDEX booking_contacts_user_idx ON booking_contacts USING btree (user_id);
CREATE TRIGGER booking_contacts_acting_pair BEFORE INSERT OR UPDATE OF created_by_id, created_for_id ON booking_contacts FOR EACH ROW WHEN (new.created_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('created_by_id', 'created_for_id');
CREATE CONSTRAINT TRIGGER booking_contacts_audited AFTER INSERT OR DELETE OR UPDATE ON booking_contacts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking_contact', 'booking_id');

CREATE TABLE booking_message_reads (
  booking_id uuid NOT NULL,
  user_id uuid NOT NULL,
  read_to timestamptz NOT NULL,
  CONSTRAINT booking_message_reads_pkey PRIMARY KEY (booking_id, user_id),
  CONSTRAINT booking_message_reads_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT booking_message_reads_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX booking_message_reads_user_idx ON booking_message_reads USING btree (user_id);

CREATE TABLE booking_messages (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  body text NOT NULL,
  is_from_staff boolean NOT NULL,
  created_by_id uuid NOT NULL,
  created_for_id uuid,
  idempotency_key text NOT NULL,
  answered_at timestamptz,
  digest_id uuid,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT booking_messages_pkey PRIMARY KEY (id),
  CONSTRAINT booking_messages_booking_id_created_by_id_idempotency_key_key UNIQUE (booking_id, created_by_id, idempotency_key),
  CONSTRAINT booking_messages_body_check CHECK (body <> ''::text AND length(body) <= 4000),
  CONSTRAINT booking_messages_check CHECK (created_for_id IS NULL OR NOT is_from_staff),
  CONSTRAINT booking_messages_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT booking_messages_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id),
  CONSTRAINT booking_messages_created_for_id_fkey FOREIGN KEY (created_for_id) REFERENCES users(id)
);
CREATE INDEX booking_messages_author_idx ON booking_messages USING btree (created_by_id);
CREATE INDEX booking_messages_booking_idx ON booking_messages USING btree (booking_id, created_at, id);
CREATE INDEX booking_messages_digest_idx ON booking_messages USING btree (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX booking_messages_unanswered_idx ON booking_messages USING btree (booking_id) WHERE NOT is_from_staff AND answered_at IS NULL;
CREATE TRIGGER booking_messages_acting_pair BEFORE INSERT OR UPDATE OF created_by_id, created_for_id ON booking_messages FOR EACH ROW WHEN (new.created_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('created_by_id', 'created_for_id');
CREATE CONSTRAINT TRIGGER booking_messages_audited AFTER INSERT OR DELETE OR UPDATE OF body, is_from_staff, created_by_id, created_for_id, answered_at ON booking_messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking', 'booking_id');
CREATE TRIGGER booking_messages_news AFTER INSERT ON booking_messages FOR EACH ROW WHEN (new.is_from_staff) EXECUTE FUNCTION tell_news_of_message();

CREATE TABLE booking_news (
  booking_id uuid NOT NULL,
  kind text NOT NULL,
  at timestamptz NOT NULL,
  organization_id uuid,
  CONSTRAINT booking_news_pkey PRIMARY KEY (booking_id, kind),
  CONSTRAINT booking_news_kind_check CHECK (kind = ANY (ARRAY['report_ready'::text, 'cancelled'::text, 'moved'::text, 'no_show'::text, 'message'::text])),
  CONSTRAINT booking_news_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id) ON DELETE CASCADE
);
CREATE INDEX booking_news_organization_idx ON booking_news USING btree (organization_id, at);

CREATE TABLE booking_paperwork (
  booking_id uuid NOT NULL,
  starts_at timestamptz NOT NULL,
  in_time boolean,
  late_at timestamptz,
  CONSTRAINT booking_paperwork_pkey PRIMARY KEY (booking_id),
  CONSTRAINT booking_paperwork_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id) ON DELETE CASCADE
);
CREATE INDEX booking_paperwork_in_time_idx ON booking_paperwork USING btree (starts_at) INCLUDE (in_time) WHERE in_time IS NOT NULL;
CREATE INDEX booking_paperwork_late_idx ON booking_paperwork USING btree (starts_at, booking_id) INCLUDE (late_at) WHERE late_at IS NOT NULL;

CREATE TABLE booking_progress (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  progress text NOT NULL,
  changed_by_id uuid,
  changed_for_id uuid,
  source text NOT NULL,
  notes text DEFAULT ''::text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  moved_from timestamptz,
  moved_to timestamptz,
  CONSTRAINT booking_progress_pkey PRIMARY KEY (id),
  CONSTRAINT booking_progress_moved CHECK ((moved_from IS NULL) = (moved_to IS NULL)),
  CONSTRAINT booking_progress_progress_check CHECK (progress = ANY (ARRAY['scheduled'::text, 'rescheduled'::text, 'cancelled'::text, 'no_show'::text, 'generating_report'::text, 'report_generated'::text, 'payment_received'::text])),
  CONSTRAINT booking_progress_source_check CHECK (source = ANY (ARRAY['portal'::text, 'acuity'::text, 'reconciliation'::text, 'import'::text])),
  CONSTRAINT booking_progress_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT booking_progress_changed_by_id_fkey FOREIGN KEY (changed_by_id) REFERENCES users(id),
  CONSTRAINT booking_progress_changed_for_id_fkey FOREIGN KEY (changed_for_id) REFERENCES users(id)
);
CREATE INDEX booking_progress_booking_idx ON booking_progress USING btree (booking_id, created_at, id);
CREATE INDEX booking_progress_list_idx ON booking_progress USING btree (created_at, id);
CREATE INDEX booking_progress_reports_idx ON booking_progress USING btree (created_at, id) WHERE progress = 'report_generated'::text;
CREATE TRIGGER booking_progress_acting_pair BEFORE INSERT ON booking_progress FOR EACH ROW WHEN (new.changed_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('changed_by_id', 'changed_for_id');
CREATE TRIGGER booking_progress_acting_pair_kept BEFORE UPDATE OF changed_by_id, changed_for_id ON booking_progress FOR EACH ROW WHEN (new.changed_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('changed_by_id', 'changed_for_id');
CREATE CONSTRAINT TRIGGER booking_progress_added AFTER INSERT ON booking_progress DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking_progress', 'booking_id');
CREATE CONSTRAINT TRIGGER booking_progress_audited AFTER DELETE OR UPDATE ON booking_progress DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking_progress');
CREATE TRIGGER booking_progress_news AFTER INSERT ON booking_progress FOR EACH ROW WHEN ((new.progress = ANY (ARRAY['cancelled'::text, 'rescheduled'::text, 'no_show'::text])) AND new.source <> 'import'::text) EXECUTE FUNCTION tell_news_of_progress();

CREATE TABLE booking_reminders (
  booking_id uuid NOT NULL,
  days_before integer NOT NULL,
  starts_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT booking_reminders_pkey PRIMARY KEY (booking_id, days_before, starts_at),
  CONSTRAINT booking_reminders_days_before_check CHECK (days_before > 0),
  CONSTRAINT booking_reminders_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id)
);

CREATE TABLE booking_seen (
  user_id uuid NOT NULL,
  booking_id uuid NOT NULL,
  seen_at timestamptz NOT NULL,
  CONSTRAINT booking_seen_pkey PRIMARY KEY (user_id, booking_id),
  CONSTRAINT booking_seen_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id) ON DELETE CASCADE,
  CONSTRAINT booking_seen_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX booking_seen_booking_idx ON booking_seen USING btree (booking_id);

CREATE TABLE documents (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  category text NOT NULL,
  file_name text NOT NULL,
  mime_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  chunk_bytes integer NOT NULL,
  chunk_sha256 bytea NOT NULL,
  s3_key text NOT NULL,
  status text NOT NULL,
  scanned_at timestamptz,
  uploaded_by_id uuid NOT NULL,
  uploaded_for_id uuid,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  deleted_at timestamptz,
  deleted_by_id uuid,
  deleted_for_id uuid,
  object_removed_at timestamptz,
  damaged_at timestamptz,
  released_at timestamptz,
  released_by_id uuid,
  releases integer DEFAULT 0 NOT NULL,
  CONSTRAINT documents_pkey PRIMARY KEY (id),
  CONSTRAINT documents_s3_key_key UNIQUE (s3_key),
  CONSTRAINT documents_category_check CHECK (category = ANY (ARRAY['consent_form'::text, 'brief'::text, 'report'::text, 'dictation'::text, 'other'::text])),
  CONSTRAINT documents_chunk_bytes_check CHECK (chunk_bytes > 0),
  CONSTRAINT documents_chunks CHECK (length(chunk_sha256) = (32 * ((size_bytes + chunk_bytes - 1) / chunk_bytes))),
  CONSTRAINT documents_deleted CHECK (deleted_at IS NOT NULL OR deleted_by_id IS NULL AND deleted_for_id IS NULL),
  CONSTRAINT documents_file_name_check CHECK (length(file_name) >= 1 AND length(file_name) <= 255),
  CONSTRAINT documents_released CHECK (released_at IS NULL OR category = 'report'::text AND releases > 0),
  CONSTRAINT documents_released_by CHECK (released_by_id IS NULL OR released_at IS NOT NULL),
  CONSTRAINT documents_releases_check CHECK (releases >= 0),
  CONSTRAINT documents_removed CHECK (object_removed_at IS NULL OR deleted_at IS NOT NULL OR status = 'infected'::text),
  CONSTRAINT documents_s3_key_check CHECK (s3_key ~ '^documents/[A-Za-z0-9_-]+$'::text),
  CONSTRAINT documents_scanned CHECK ((status = ANY (ARRAY['checking'::text, 'not_scanned'::text])) = (scanned_at IS NULL)),
  CONSTRAINT documents_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'::text),
  CONSTRAINT documents_size_bytes_check CHECK (size_bytes > 0),
  CONSTRAINT documents_status_check CHECK (status = ANY (ARRAY['checking'::text, 'clean'::text, 'infected'::text, 'not_scanned'::text])),
  CONSTRAINT documents_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT documents_deleted_by_id_fkey FOREIGN KEY (deleted_by_id) REFERENCES users(id),
  CONSTRAINT documents_deleted_for_id_fkey FOREIGN KEY (deleted_for_id) REFERENCES users(id),
  CONSTRAINT documents_released_by_id_fkey FOREIGN KEY (released_by_id) REFERENCES users(id),
  CONSTRAINT documents_uploaded_by_id_fkey FOREIGN KEY (uploaded_by_id) REFERENCES users(id),
  CONSTRAINT documents_uploaded_for_id_fkey FOREIGN KEY (uploaded_for_id) REFERENCES users(id)
);
CREATE INDEX documents_booking_idx ON documents USING btree (booking_id, created_at, id);
CREATE INDEX documents_category_idx ON documents USING btree (category, created_at, id);
CREATE INDEX documents_checking_idx ON documents USING btree (created_at) WHERE status = 'checking'::text;
CREATE INDEX documents_damaged_idx ON documents USING btree (damaged_at) WHERE damaged_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX documents_list_idx ON documents USING btree (created_at, id);
CREATE INDEX documents_removal_idx ON documents USING btree (deleted_at) WHERE object_removed_at IS NULL;
CREATE INDEX documents_status_idx ON documents USING btree (status, created_at, id);
CREATE INDEX documents_uploaded_by_idx ON documents USING btree (uploaded_by_id);
CREATE TRIGGER documents_acting_pair BEFORE INSERT OR UPDATE OF uploaded_by_id, uploaded_for_id ON documents FOR EACH ROW WHEN (new.uploaded_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('uploaded_by_id', 'uploaded_for_id');
CREATE CONSTRAINT TRIGGER documents_audited AFTER INSERT OR DELETE OR UPDATE ON documents DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('document');
CREATE TRIGGER documents_deleting_pair BEFORE INSERT OR UPDATE OF deleted_by_id, deleted_for_id ON documents FOR EACH ROW WHEN (new.deleted_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('deleted_by_id', 'deleted_for_id');
CREATE TRIGGER documents_news AFTER UPDATE OF released_at ON documents FOR EACH ROW WHEN (new.released_at IS NOT NULL AND old.released_at IS NULL) EXECUTE FUNCTION tell_news_of_report();
CREATE CONSTRAINT TRIGGER documents_paperwork AFTER INSERT OR DELETE OR UPDATE OF booking_id, category, created_at, status, deleted_at, damaged_at ON documents DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_paperwork_of_document();
CREATE TRIGGER documents_updated_at BEFORE UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE direct_uploads (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  user_id uuid NOT NULL,
  category text NOT NULL,
  file_name text NOT NULL,
  size_bytes bigint NOT NULL,
  part_bytes integer NOT NULL,
  object_name text NOT NULL,
  s3_upload_id text NOT NULL,
  state text DEFAULT 'open'::text NOT NULL,
  part_sha256 bytea,
  document_id uuid,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  passed_over boolean DEFAULT false NOT NULL,
  CONSTRAINT direct_uploads_pkey PRIMARY KEY (id),
  CONSTRAINT direct_uploads_object_name_key UNIQUE (object_name),
  CONSTRAINT direct_uploads_category_check CHECK (category = ANY (ARRAY['consent_form'::text, 'brief'::text, 'report'::text, 'dictation'::text, 'other'::text])),
  CONSTRAINT direct_uploads_file_name_check CHECK (length(file_name) >= 1 AND length(file_name) <= 1000),
  CONSTRAINT direct_uploads_object_name_check CHECK (object_name ~ '^[A-Za-z0-9_-]+$'::text),
  CONSTRAINT direct_uploads_part_bytes_check CHECK (part_bytes >= 5242880),
  CONSTRAINT direct_uploads_size_bytes_check CHECK (size_bytes > 0),
  CONSTRAINT direct_uploads_state_check CHECK (state = ANY (ARRAY['open'::text, 'stored'::text, 'refused'::text])),
  CONSTRAINT direct_uploads_stored CHECK ((state = 'stored'::text) = (document_id IS NOT NULL)),
  CONSTRAINT direct_uploads_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT direct_uploads_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents(id) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT direct_uploads_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);
CREATE INDEX direct_uploads_booking_idx ON direct_uploads USING btree (booking_id);
CREATE INDEX direct_uploads_created_idx ON direct_uploads USING btree (created_at);
CREATE INDEX direct_uploads_document_idx ON direct_uploads USING btree (document_id);
CREATE INDEX direct_uploads_open_idx ON direct_uploads USING btree (user_id, booking_id) WHERE state = 'open'::text;

CREATE TABLE drift_items (
  id uuid NOT NULL,
  report_id uuid NOT NULL,
  appointment_id bigint,
  booking_id uuid,
  difference text NOT NULL,
  state text NOT NULL,
  reason text,
  announced boolean NOT NULL,
  found_at timestamptz NOT NULL,
  day date,
  superseded boolean DEFAULT false NOT NULL,
  is_over boolean DEFAULT false NOT NULL,
  specialist_id uuid,
  closed_at timestamptz,
  closed_by_id uuid,
  value_digest text,
  CONSTRAINT drift_items_pkey PRIMARY KEY (id),
  CONSTRAINT drift_items_of_specialist_key UNIQUE (report_id, specialist_id, difference),
  CONSTRAINT drift_items_report_id_appointment_id_difference_key UNIQUE (report_id, appointment_id, difference),
  CONSTRAINT drift_items_check CHECK ((closed_at IS NULL) = (closed_by_id IS NULL)),
  CONSTRAINT drift_items_difference_check CHECK (difference = ANY (ARRAY['missing_here'::text, 'missing_there'::text, 'status'::text, 'time'::text, 'duration'::text, 'specialist'::text, 'unknown_calendar'::text, 'type'::text, 'location'::text, 'link'::text, 'details'::text, 'specialist_place'::text, 'specialist_zone'::text, 'service_length'::text])),
  CONSTRAINT drift_items_of_one CHECK (num_nonnulls(appointment_id, specialist_id) = 1),
  CONSTRAINT drift_items_state_check CHECK (state = ANY (ARRAY['fixed'::text, 'left'::text, 'found'::text])),
  CONSTRAINT drift_items_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT drift_items_closed_by_id_fkey FOREIGN KEY (closed_by_id) REFERENCES users(id),
  CONSTRAINT drift_items_report_id_fkey FOREIGN KEY (report_id) REFERENCES drift_reports(id) ON DELETE CASCADE,
  CONSTRAINT drift_items_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id)
);
CREATE INDEX drift_items_appointment_idx ON drift_items USING btree (appointment_id);
CREATE INDEX drift_items_closed_idx ON drift_items USING btree (difference) WHERE state = 'left'::text AND NOT superseded AND closed_at IS NOT NULL;
CREATE INDEX drift_items_closer_idx ON drift_items USING btree (closed_by_id) WHERE closed_by_id IS NOT NULL;
CREATE INDEX drift_items_left_idx ON drift_items USING btree (state, found_at DESC) WHERE state = 'left'::text;
CREATE INDEX drift_items_list_idx ON drift_items USING btree (found_at, id);
CREATE INDEX drift_items_report_idx ON drift_items USING btree (report_id, found_at);
CREATE INDEX drift_items_still_different_idx ON drift_items USING btree (found_at, id) WHERE state = 'left'::text AND NOT superseded AND closed_at IS NULL;

CREATE TABLE freed_times (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  specialist_id uuid NOT NULL,
  type text NOT NULL,
  starts_at timestamptz NOT NULL,
  booking_id uuid,
  noticed_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  check_at timestamptz,
  state text DEFAULT 'open'::text NOT NULL,
  CONSTRAINT freed_times_pkey PRIMARY KEY (id),
  CONSTRAINT freed_times_specialist_id_type_starts_at_key UNIQUE (specialist_id, type, starts_at),
  CONSTRAINT freed_times_state_check CHECK (state = ANY (ARRAY['open'::text, 'done'::text])),
  CONSTRAINT freed_times_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);
CREATE INDEX freed_times_open_idx ON freed_times USING btree (starts_at) WHERE state = 'open'::text;

CREATE TABLE next_free_times (
  specialist_id uuid NOT NULL,
  type text NOT NULL,
  times timestamptz[] DEFAULT '{}'::timestamptz[] NOT NULL,
  known_until timestamptz,
  as_of timestamptz,
  changes bigint DEFAULT 0 NOT NULL,
  read_changes bigint DEFAULT 0 NOT NULL,
  due_at timestamptz,
  claimed_until timestamptz,
  CONSTRAINT next_free_times_pkey PRIMARY KEY (specialist_id, type),
  CONSTRAINT next_free_times_type_check CHECK (type = ANY (ARRAY['in_person'::text, 'telehealth'::text])),
  CONSTRAINT next_free_times_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);

CREATE TABLE paperwork_rules (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  specialist_id uuid,
  category text NOT NULL,
  business_days integer,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  CONSTRAINT paperwork_rules_pkey PRIMARY KEY (id),
  CONSTRAINT paperwork_rules_specialist_id_category_key UNIQUE NULLS NOT DISTINCT (specialist_id, category),
  CONSTRAINT paperwork_rules_business_days_check CHECK (business_days >= 0 AND business_days <= 60),
  CONSTRAINT paperwork_rules_category_check CHECK (category = ANY (ARRAY['consent_form'::text, 'brief'::text])),
  CONSTRAINT paperwork_rules_check CHECK (specialist_id IS NOT NULL OR business_days IS NOT NULL),
  CONSTRAINT paperwork_rules_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);
CREATE CONSTRAINT TRIGGER paperwork_rules_audited AFTER INSERT OR DELETE OR UPDATE ON paperwork_rules DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('paperwork_rule');
CREATE CONSTRAINT TRIGGER paperwork_rules_paperwork AFTER INSERT OR DELETE OR UPDATE OF specialist_id, category, business_days ON paperwork_rules DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_paperwork_of_rules();
CREATE TRIGGER paperwork_rules_updated_at BEFORE UPDATE ON paperwork_rules FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE paperwork_reminders (
  booking_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  starts_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT paperwork_reminders_pkey PRIMARY KEY (booking_id, rule_id, starts_at),
  CONSTRAINT paperwork_reminders_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT paperwork_reminders_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES paperwork_rules(id) ON DELETE CASCADE
);
CREATE INDEX paperwork_reminders_rule_idx ON paperwork_reminders USING btree (rule_id);

CREATE TABLE specialist_files (
  specialist_id uuid NOT NULL,
  kind text NOT NULL,
  s3_key text NOT NULL,
  mime_type text NOT NULL,
  size_bytes integer NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT specialist_files_pkey PRIMARY KEY (specialist_id, kind),
  CONSTRAINT specialist_files_s3_key_key UNIQUE (s3_key),
  CONSTRAINT specialist_files_kind_check CHECK (kind = ANY (ARRAY['photo'::text, 'cv'::text])),
  CONSTRAINT specialist_files_s3_key_check CHECK (s3_key ~ '^profiles/[A-Za-z0-9_/-]+$'::text),
  CONSTRAINT specialist_files_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$'::text),
  CONSTRAINT specialist_files_size_bytes_check CHECK (size_bytes > 0),
  CONSTRAINT specialist_files_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);
CREATE CONSTRAINT TRIGGER specialist_files_audited AFTER INSERT OR DELETE OR UPDATE ON specialist_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('specialist', 'specialist_id');
CREATE CONSTRAINT TRIGGER specialist_files_kept AFTER INSERT OR DELETE OR UPDATE ON specialist_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();

CREATE TABLE specialist_services (
  specialist_id uuid NOT NULL,
  type text NOT NULL,
  acuity_appointment_type_id bigint NOT NULL,
  duration_minutes integer NOT NULL,
  CONSTRAINT specialist_services_pkey PRIMARY KEY (specialist_id, type),
  CONSTRAINT specialist_services_duration_minutes_check CHECK (duration_minutes > 0),
  CONSTRAINT specialist_services_type_check CHECK (type = ANY (ARRAY['in_person'::text, 'telehealth'::text])),
  CONSTRAINT specialist_services_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);
CREATE CONSTRAINT TRIGGER specialist_services_audited AFTER INSERT OR DELETE OR UPDATE ON specialist_services DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('specialist', 'specialist_id');
CREATE CONSTRAINT TRIGGER specialist_services_kept AFTER INSERT OR DELETE OR UPDATE ON specialist_services DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();

CREATE TABLE staff_notes (
  id uuid NOT NULL,
  booking_id uuid NOT NULL,
  body text NOT NULL,
  written_by_id uuid NOT NULL,
  idempotency_key text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT staff_notes_pkey PRIMARY KEY (id),
  CONSTRAINT staff_notes_booking_id_written_by_id_idempotency_key_key UNIQUE (booking_id, written_by_id, idempotency_key),
  CONSTRAINT staff_notes_body_check CHECK (body <> ''::text AND length(body) <= 4000),
  CONSTRAINT staff_notes_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT staff_notes_written_by_id_fkey FOREIGN KEY (written_by_id) REFERENCES users(id)
);
CREATE INDEX staff_notes_author_idx ON staff_notes USING btree (written_by_id);
CREATE INDEX staff_notes_booking_idx ON staff_notes USING btree (booking_id, created_at, id);
CREATE CONSTRAINT TRIGGER staff_notes_audited AFTER INSERT OR DELETE OR UPDATE ON staff_notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('booking', 'booking_id');

CREATE TABLE two_factors (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  user_id uuid NOT NULL,
  verified boolean DEFAULT true NOT NULL,
  failed_verification_count integer DEFAULT 0 NOT NULL,
  locked_until timestamptz,
  begun_in_session_id uuid,
  CONSTRAINT two_factors_pkey PRIMARY KEY (id),
  CONSTRAINT two_factors_user_id_key UNIQUE (user_id),
  CONSTRAINT two_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE CONSTRAINT TRIGGER two_factors_audited AFTER INSERT OR DELETE OR UPDATE ON two_factors DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('two_factor', 'user_id');

CREATE TABLE unassigned_notices (
  booking_id uuid NOT NULL,
  digest_id uuid NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT unassigned_notices_pkey PRIMARY KEY (booking_id),
  CONSTRAINT unassigned_notices_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id)
);
CREATE INDEX unassigned_notices_digest_idx ON unassigned_notices USING btree (digest_id);

CREATE TABLE used_two_factor_codes (
  user_id uuid NOT NULL,
  digest text NOT NULL,
  used_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT used_two_factor_codes_pkey PRIMARY KEY (user_id, digest),
  CONSTRAINT used_two_factor_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);

CREATE TABLE user_activity (
  user_id uuid NOT NULL,
  last_active_at timestamptz NOT NULL,
  CONSTRAINT user_activity_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_activity_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
) WITH (fillfactor=70);

CREATE TABLE verifications (
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
  CONSTRAINT verifications_pkey PRIMARY KEY (id)
);
CREATE INDEX verifications_identifier_idx ON verifications USING btree (identifier);
CREATE TRIGGER verifications_updated_at BEFORE UPDATE ON verifications FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE wait_entries (
  id uuid NOT NULL,
  created_by_id uuid NOT NULL,
  created_for_id uuid,
  organization_id uuid NOT NULL,
  booking_id uuid,
  specialist_id uuid,
  type text,
  before timestamptz,
  not_before timestamptz,
  state text DEFAULT 'waiting'::text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  updated_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT wait_entries_pkey PRIMARY KEY (id),
  CONSTRAINT wait_entries_check CHECK (
CASE
    WHEN booking_id IS NULL THEN specialist_id IS NOT NULL AND type IS NOT NULL AND before IS NOT NULL
    ELSE specialist_id IS NULL AND type IS NULL AND before IS NULL
END),
  CONSTRAINT wait_entries_state_check CHECK (state = ANY (ARRAY['waiting'::text, 'accepted'::text, 'left'::text, 'over'::text])),
  CONSTRAINT wait_entries_type_check CHECK (type = ANY (ARRAY['in_person'::text, 'telehealth'::text])),
  CONSTRAINT wait_entries_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id) ON DELETE CASCADE,
  CONSTRAINT wait_entries_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES users(id),
  CONSTRAINT wait_entries_created_for_id_fkey FOREIGN KEY (created_for_id) REFERENCES users(id),
  CONSTRAINT wait_entries_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id),
  CONSTRAINT wait_entries_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX wait_entries_booking_key ON wait_entries USING btree (booking_id) WHERE state = 'waiting'::text;
CREATE INDEX wait_entries_person_idx ON wait_entries USING btree (created_by_id, created_at);
CREATE INDEX wait_entries_specialist_idx ON wait_entries USING btree (specialist_id, type) WHERE state = 'waiting'::text;
CREATE TRIGGER wait_entries_acting_pair BEFORE INSERT OR UPDATE OF created_by_id, created_for_id ON wait_entries FOR EACH ROW WHEN (new.created_for_id IS NOT NULL) EXECUTE FUNCTION check_acting_pair('created_by_id', 'created_for_id');
CREATE CONSTRAINT TRIGGER wait_entries_audited AFTER INSERT OR DELETE OR UPDATE ON wait_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('wait_entry');
CREATE CONSTRAINT TRIGGER wait_entries_kept AFTER INSERT OR DELETE OR UPDATE ON wait_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();
CREATE TRIGGER wait_entries_updated_at BEFORE UPDATE ON wait_entries FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE wait_offers (
  id uuid NOT NULL,
  entry_id uuid NOT NULL,
  specialist_id uuid NOT NULL,
  type text NOT NULL,
  starts_at timestamptz NOT NULL,
  duration_minutes integer NOT NULL,
  state text DEFAULT 'checking'::text NOT NULL,
  created_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  CONSTRAINT wait_offers_pkey PRIMARY KEY (id),
  CONSTRAINT wait_offers_check CHECK ((state = ANY (ARRAY['checking'::text, 'open'::text])) = (ended_at IS NULL)),
  CONSTRAINT wait_offers_state_check CHECK (state = ANY (ARRAY['checking'::text, 'open'::text, 'accepted'::text, 'declined'::text, 'lapsed'::text, 'taken'::text, 'withdrawn'::text])),
  CONSTRAINT wait_offers_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES wait_entries(id) ON DELETE CASCADE,
  CONSTRAINT wait_offers_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists(id)
);
CREATE INDEX wait_offers_entry_idx ON wait_offers USING btree (entry_id, created_at);
CREATE UNIQUE INDEX wait_offers_held_key ON wait_offers USING btree (specialist_id, starts_at) WHERE state = ANY (ARRAY['checking'::text, 'open'::text]);
CREATE UNIQUE INDEX wait_offers_live_key ON wait_offers USING btree (entry_id) WHERE state = ANY (ARRAY['checking'::text, 'open'::text]);
CREATE CONSTRAINT TRIGGER wait_offers_audited AFTER INSERT OR DELETE OR UPDATE ON wait_offers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('wait_offer');
CREATE CONSTRAINT TRIGGER wait_offers_kept AFTER INSERT OR DELETE OR UPDATE ON wait_offers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_kept_version();

CREATE TABLE emails (
  id uuid NOT NULL,
  kind text NOT NULL,
  dedupe_key text NOT NULL,
  recipient text NOT NULL,
  booking_id uuid,
  attempt_id uuid,
  status text DEFAULT 'queued'::text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  last_error text,
  message_id text,
  sent_at timestamptz,
  created_at timestamptz DEFAULT now() NOT NULL,
  updated_at timestamptz DEFAULT now() NOT NULL,
  account_link_id uuid,
  drift_report_id uuid,
  recipient_id uuid,
  previous_starts_at timestamptz,
  document_id uuid,
  digest_id uuid,
  daily_digest_id uuid,
  wait_offer_id uuid,
  CONSTRAINT emails_pkey PRIMARY KEY (id),
  CONSTRAINT emails_dedupe_key_key UNIQUE (dedupe_key),
  CONSTRAINT emails_check CHECK ((status = 'sent'::text) = (sent_at IS NOT NULL)),
  CONSTRAINT emails_status_check CHECK (status = ANY (ARRAY['queued'::text, 'for_digest'::text, 'sent'::text, 'failed'::text, 'withheld'::text])),
  CONSTRAINT emails_account_link_id_fkey FOREIGN KEY (account_link_id) REFERENCES account_links(id) ON DELETE CASCADE,
  CONSTRAINT emails_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES booking_attempts(id),
  CONSTRAINT emails_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id),
  CONSTRAINT emails_daily_digest_id_fkey FOREIGN KEY (daily_digest_id) REFERENCES emails(id),
  CONSTRAINT emails_document_id_fkey FOREIGN KEY (document_id) REFERENCES documents(id),
  CONSTRAINT emails_drift_report_id_fkey FOREIGN KEY (drift_report_id) REFERENCES drift_reports(id) ON DELETE CASCADE,
  CONSTRAINT emails_kind_fkey FOREIGN KEY (kind) REFERENCES email_kinds(kind),
  CONSTRAINT emails_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES users(id) ON DELETE SET NULL,
  CONSTRAINT emails_wait_offer_id_fkey FOREIGN KEY (wait_offer_id) REFERENCES wait_offers(id) ON DELETE CASCADE
);
CREATE INDEX emails_account_link_idx ON emails USING btree (account_link_id) WHERE account_link_id IS NOT NULL;
CREATE INDEX emails_booking_idx ON emails USING btree (booking_id);
CREATE INDEX emails_daily_digest_idx ON emails USING btree (daily_digest_id) WHERE daily_digest_id IS NOT NULL;
CREATE INDEX emails_drift_report_idx ON emails USING btree (drift_report_id) WHERE drift_report_id IS NOT NULL;
CREATE INDEX emails_for_digest_idx ON emails USING btree (recipient_id) WHERE status = 'for_digest'::text AND daily_digest_id IS NULL;
CREATE INDEX emails_list_idx ON emails USING btree (created_at, id);
CREATE INDEX emails_reached_idx ON emails USING btree (recipient, kind, created_at) WHERE status = 'sent'::text;
CREATE INDEX emails_status_idx ON emails USING btree (status, created_at);
CREATE INDEX emails_wait_offer_idx ON emails USING btree (wait_offer_id) WHERE wait_offer_id IS NOT NULL;
CREATE CONSTRAINT TRIGGER emails_changed_audited AFTER UPDATE ON emails DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.status <> ALL (ARRAY['queued'::text, 'for_digest'::text])) AND new.status IS DISTINCT FROM old.status OR new.kind IS DISTINCT FROM old.kind OR new.recipient IS DISTINCT FROM old.recipient OR new.dedupe_key IS DISTINCT FROM old.dedupe_key OR new.booking_id IS DISTINCT FROM old.booking_id OR new.attempt_id IS DISTINCT FROM old.attempt_id OR new.account_link_id IS DISTINCT FROM old.account_link_id OR new.drift_report_id IS DISTINCT FROM old.drift_report_id OR new.document_id IS DISTINCT FROM old.document_id OR new.digest_id IS DISTINCT FROM old.digest_id OR new.previous_starts_at IS DISTINCT FROM old.previous_starts_at) EXECUTE FUNCTION audit_unannounced_change('email');
CREATE CONSTRAINT TRIGGER emails_deleted_audited AFTER DELETE ON emails DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('email');
CREATE TRIGGER emails_updated_at BEFORE UPDATE ON emails FOR EACH ROW EXECUTE FUNCTION set_updated_at();

CREATE TABLE webhook_events (
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  channel text NOT NULL,
  state text NOT NULL,
  received_at timestamptz NOT NULL,
  action text,
  appointment_id bigint,
  body bytea,
  headers jsonb DEFAULT '{}'::jsonb NOT NULL,
  body_digest bytea NOT NULL,
  refusal text,
  coalesced integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamptz,
  lease_until timestamptz,
  attempts integer DEFAULT 0 NOT NULL,
  last_status integer,
  last_error text,
  outcome text,
  note text,
  booking_id uuid,
  duration_ms integer,
  processed_at timestamptz,
  replayed_at timestamptz,
  CONSTRAINT webhook_events_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_events_seq_key UNIQUE (seq),
  CONSTRAINT webhook_events_channel_check CHECK (channel = ANY (ARRAY['relay'::text, 'direct'::text, 'automation'::text])),
  CONSTRAINT webhook_events_check CHECK ((state = 'refused'::text) = (refusal IS NOT NULL)),
  CONSTRAINT webhook_events_check1 CHECK (state <> 'delivering'::text OR lease_until IS NOT NULL),
  CONSTRAINT webhook_events_check2 CHECK ((state <> ALL (ARRAY['waiting'::text, 'delivering'::text])) OR body IS NOT NULL AND next_attempt_at IS NOT NULL),
  CONSTRAINT webhook_events_outcome_check CHECK (outcome = ANY (ARRAY['created'::text, 'skipped'::text, 'updated'::text, 'cancelled'::text, 'ignored'::text])),
  CONSTRAINT webhook_events_refusal_check CHECK (refusal = ANY (ARRAY['bad_signature'::text, 'unsupported_type'::text, 'malformed'::text, 'too_old'::text])),
  CONSTRAINT webhook_events_state_check CHECK (state = ANY (ARRAY['waiting'::text, 'delivering'::text, 'processed'::text, 'dead'::text, 'refused'::text])),
  CONSTRAINT webhook_events_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES bookings(id)
);
CREATE INDEX webhook_events_appointment_idx ON webhook_events USING btree (appointment_id, received_at);
CREATE INDEX webhook_events_due_idx ON webhook_events USING btree (next_attempt_at, seq) WHERE state = ANY (ARRAY['waiting'::text, 'delivering'::text]);
CREATE INDEX webhook_events_equal_idx ON webhook_events USING btree (body_digest) WHERE attempts = 0 AND next_attempt_at IS NOT NULL;
CREATE INDEX webhook_events_list_idx ON webhook_events USING btree (received_at DESC, id DESC);
CREATE INDEX webhook_events_note_idx ON webhook_events USING btree (received_at) WHERE state = 'processed'::text AND note IS NOT NULL AND note <> 'cancelled_before_booked'::text;
CREATE INDEX webhook_events_sent_idx ON webhook_events USING btree ((headers ->> 'webhook-id'::text)) WHERE state = 'processed'::text AND (headers ->> 'webhook-id'::text) IS NOT NULL;
CREATE INDEX webhook_events_state_idx ON webhook_events USING btree (state, received_at DESC);
CREATE INDEX webhook_events_turn_idx ON webhook_events USING btree (appointment_id, seq) WHERE state = ANY (ARRAY['waiting'::text, 'delivering'::text]);
CREATE CONSTRAINT TRIGGER webhook_events_changed_audited AFTER UPDATE ON webhook_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.state = ANY (ARRAY['processed'::text, 'dead'::text, 'refused'::text])) AND new.state IS DISTINCT FROM old.state OR new.channel IS DISTINCT FROM old.channel OR new.action IS DISTINCT FROM old.action OR new.appointment_id IS DISTINCT FROM old.appointment_id OR new.received_at IS DISTINCT FROM old.received_at OR new.body IS DISTINCT FROM old.body OR new.headers IS DISTINCT FROM old.headers OR new.body_digest IS DISTINCT FROM old.body_digest) EXECUTE FUNCTION audit_unannounced_change('webhook_event');
CREATE CONSTRAINT TRIGGER webhook_events_deleted_audited AFTER DELETE ON webhook_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_unannounced_change('webhook_event');

CREATE TABLE webhook_subscriptions (
  acuity_id bigint NOT NULL,
  event text NOT NULL,
  target text NOT NULL,
  created_at timestamptz DEFAULT now() NOT NULL,
  checked_at timestamptz,
  trouble text,
  CONSTRAINT webhook_subscriptions_pkey PRIMARY KEY (acuity_id),
  CONSTRAINT webhook_subscriptions_trouble_check CHECK (trouble = ANY (ARRAY['missing'::text, 'disabled'::text, 'silent'::text]))
);

CREATE TABLE workers (
  id uuid NOT NULL,
  kind text NOT NULL,
  started_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  seen_at timestamptz DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT workers_pkey PRIMARY KEY (id),
  CONSTRAINT workers_kind_check CHECK (kind = ANY (ARRAY['jobs'::text, 'relay'::text]))
);
