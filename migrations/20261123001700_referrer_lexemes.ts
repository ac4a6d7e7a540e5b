import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Among a million people trigrams of whole lines are too slow. People are found by their words, exactly; what is typed
    -- otherwise is first led to the words that there are, of which there are far fewer.
    create function referrer_lexemes_of(said text) returns text[] language sql immutable as $$
      select coalesce(array_agg(distinct left(word, 60)), '{}')
      from regexp_split_to_table(
        -- Of an address what makes it one of many: not ".com".
        regexp_replace(translate(said, '''\`’´', ''), '(@[^[:space:]]*)[.][^[:space:].@]+', '\\1', 'g'), '[^[:alnum:]]+') word
      where word <> ''
    $$;

    alter table referrer_search add column lexemes tsvector;
    update referrer_search set lexemes = array_to_tsvector(referrer_lexemes_of(words));
    alter table referrer_search alter column lexemes set not null;
    drop index referrer_search_words_idx;
    create index referrer_search_lexemes_idx on referrer_search using gin (lexemes);
    -- As many as there are, not a hundred: the search asks which words too many share (referrer.search.ts).
    alter table referrer_search alter column lexemes set statistics 500;
    -- While somebody types the first letters of a name.
    create index referrer_search_start_idx on referrer_search (words text_pattern_ops);

    -- Words somebody has or had, without digits: nobody's number is taken for another. One that nobody has any more
    -- leads to nobody.
    create table referrer_lexemes (word text primary key);
    create index referrer_lexemes_near_idx on referrer_lexemes using gin (word gin_trgm_ops);
    insert into referrer_lexemes
      select distinct word from referrer_search, unnest(referrer_lexemes_of(words)) word
      where word ~ '^[[:alpha:]]{3,}$';

    create or replace function referrer_words(of_user uuid) returns text language sql stable as $$
      select lower(unaccent(concat_ws(' ', u.name, u.email, o.name)))
      from users u
      left join members m on m.user_id = u.id
      left join organizations o on o.id = m.organization_id
      where u.id = of_user and u.role = 'referrer' and not u.banned
    $$;
    create or replace function refresh_referrer(of_user uuid) returns void language plpgsql as $$
    declare
      said text := referrer_words(of_user);
      found_lexemes text[] := referrer_lexemes_of(said);
    begin
      if said is null then
        delete from referrer_search where user_id = of_user;
        return;
      end if;
      insert into referrer_search (user_id, words, lexemes)
      values (of_user, said, array_to_tsvector(found_lexemes))
      on conflict (user_id) do update set words = excluded.words, lexemes = excluded.lexemes
      where referrer_search.words <> excluded.words;
      -- In order, so that two who bring the same new words wait for each other one way round.
      insert into referrer_lexemes
        select word from unnest(found_lexemes) word where word ~ '^[[:alpha:]]{3,}$' order by word
      on conflict do nothing;
    end $$;
    drop trigger users_search on users;
    create trigger users_search after insert or update of name, email, role, banned on users
      for each row execute function refresh_referrer_of_user();
    delete from referrer_search r using users u where u.id = r.user_id and u.banned;
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
