import type { Knex } from 'knex';

// One folding of words for every search. Both sides of a search are folded by these functions and by nothing else: what
// is stored by search_words(), what is typed by query_words().
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    -- Independent of locale, extensions and search path: generated columns and pg_restore need that.
    create function fold_text(said text) returns text language plpgsql immutable parallel safe as $$
    begin
      if octet_length(said) = length(said) then return lower(translate(said, '${'`'}', '''')); end if;
      -- Apostrophes first: as a compatibility character, U+00B4 would become a blank.
      said := normalize(translate(coalesce(said, ''), '´${'`'}‘’‛ʹʻʼʽʾʿ′', repeat('''', 12)), nfkd);
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
    end $$;

    -- The words of a stored text, each between blanks: O'Brien as "o", "brien" and "obrien", WC-2024/7 as "wc", "2024",
    -- "7" and "wc20247". A word of one or two letters is there together with the next, too: "O Brien" as "obrien".
    create function search_words(said text) returns text language plpgsql immutable parallel safe as $$
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
    end $$;

    -- For exact words, and for words that begin with one or two letters: "^n" and "^ng" of "nguyen". Of a name, words of one
    -- or two letters are there as "=ng", too: many a claim number begins with the letters of a short surname.
    create function search_lexemes(words text, name_words text default '') returns tsvector
    language plpgsql immutable parallel safe as $$
    begin
      return array_to_tsvector(array(
        select lexeme from string_to_table(words, ' ') word,
          lateral (values (left(word, 60)), ('^' || left(word, 1)), ('^' || left(word, 2))) of_it (lexeme)
        where word <> ''
        union all
        select '=' || word from string_to_table(name_words, ' ') word where length(word) in (1, 2)));
    end $$;

    -- The words that were typed, as search_words() has them. Titles count only when nothing else was typed.
    create function query_words(typed text) returns text[] language plpgsql immutable parallel safe as $$
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
    end $$;
  `);

  // Not an audited change of anybody's: the columns are made from others.
  const { rows } = await knex.raw<{ rows: [{ definition: string }] }>(
    `select pg_get_functiondef('audit_unannounced_change'::regproc) as definition`,
  );
  const definition = rows[0].definition;
  const changed = definition.replace(
    `('updated_at', 'search_text')`,
    `('updated_at', 'search_text', 'search_lexemes')`,
  );
  if (changed === definition) throw new Error('audit_unannounced_change() does not leave out search_text');
  await knex.raw(changed.replaceAll('?', String.raw`\?`));

  await knex.raw(`
    drop index bookings_search_idx;
    alter table bookings drop column search_text;
    alter table bookings
      add column search_text text not null generated always as (
        search_words(examinee_first_name || ' ' || examinee_last_name || ' ' || reference || ' ' || coalesce(claim_number, ''))) stored,
      add column search_lexemes tsvector not null generated always as (search_lexemes(
        search_words(examinee_first_name || ' ' || examinee_last_name || ' ' || reference || ' ' || coalesce(claim_number, '')),
        search_words(examinee_first_name || ' ' || examinee_last_name))) stored;
    -- How many bookings have a word decides whether the list is read in its order or through these indexes.
    alter table bookings alter column search_text set statistics 1000;
    alter table bookings alter column search_lexemes set statistics 1000;
    create index bookings_search_idx on bookings using gin (search_text gin_trgm_ops);
    create index bookings_lexemes_idx on bookings using gin (search_lexemes);

    alter table specialists add column search_text text not null generated always as (search_words(name)) stored;
    alter table organizations add column search_text text not null generated always as (search_words(name)) stored;
    create index organizations_search_idx on organizations using gin (search_text gin_trgm_ops);
    alter table users add column search_text text not null generated always as (search_words(name || ' ' || email)) stored;
    create index users_search_idx on users using gin (search_text gin_trgm_ops);
  `);

  await knex.raw(String.raw`
    create function without_top_domain(said text) returns text language sql immutable as $$
      -- Of an address what makes it one of many: not ".com". Its parts are words of their own.
      select translate(regexp_replace(said, '(@[^[:space:]]*)[.][^[:space:].@]+', '\1', 'g'), '@.', '  ')
    $$;
    create or replace function referrer_words(of_user uuid) returns text language sql stable as $$
      select fold_text(concat_ws(' ', u.name, u.email, o.name))
      from users u
      join members m on m.user_id = u.id
      join organizations o on o.id = m.organization_id
      where u.id = of_user and u.role = 'referrer' and not u.banned
    $$;
    create function referrer_typed_words(typed text) returns text[] language sql immutable as $$
      select query_words(without_top_domain(typed))
    $$;
    create or replace function referrer_lexemes_of(said text) returns text[] language sql immutable as $$
      select coalesce(array_agg(distinct left(word, 60)), '{}')
      from string_to_table(search_words(without_top_domain(said)), ' ') word where word <> ''
    $$;
    create or replace function referrer_name_words(said text) returns text language sql immutable as $$
      select array_to_string(array(select word from unnest(query_words(said)) word order by word), ' ')
    $$;
    create or replace function refresh_referrer(of_user uuid) returns void language plpgsql as $$
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
    end $$;
    truncate referrer_search, referrer_lexemes;
    select refresh_referrer(id) from users where role = 'referrer';
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
