import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whoever is called as was typed is found among however many who are called nearly so, or work for a firm of that
    -- name. The words of the name, whole in the order of the alphabet (they may be typed in any), and each.
    alter table referrer_search add column name_words text, add column name_lexemes tsvector;

    create function referrer_name_words(said text) returns text language sql immutable as $$
      select array_to_string(referrer_lexemes_of(said), ' ')
    $$;

    -- Nobody without an organisation: there is nothing to do in their name.
    create or replace function referrer_words(of_user uuid) returns text language sql stable as $$
      select lower(unaccent(concat_ws(' ', u.name, u.email, o.name)))
      from users u
      join members m on m.user_id = u.id
      join organizations o on o.id = m.organization_id
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

    delete from referrer_search r where not exists (select from members m where m.user_id = r.user_id);
    update referrer_search r
      set name_words = referrer_name_words(lower(unaccent(u.name))),
          name_lexemes = array_to_tsvector(referrer_lexemes_of(lower(unaccent(u.name))))
      from users u where u.id = r.user_id;
    alter table referrer_search alter column name_words set not null, alter column name_lexemes set not null;
    -- It is only ever asked for whole.
    create index referrer_search_name_idx on referrer_search using hash (name_words);
    create index referrer_search_name_lexemes_idx on referrer_search using gin (name_lexemes);
  `);
}

export async function down(): Promise<void> {
  throw new Error('Migrations go forward only: write a new one.');
}
