// A million believable referrers: a few first names and surnames that many share, many that few have, firms of very
// different sizes, addresses made from names; some are signed in, most have signed in before.
import type { Database } from '../../src/db/knex.ts';
import { withoutIndexes } from './without-indexes.ts';

const first =
  'Rita James Mary John Zoë Sarah David Jonathan Michael Emma Siobhán Daniel Olivia Mehmet Thomas Björn Priya Łukasz Anaïs Kwame Charlotte Ahmed Wei Nguyễn Grace Hannah Liam Noah Chloé Matthew';
const last =
  'Smith Jones Nguyen Williams Brown Alvarez Wilson Taylor Müller Singh Smythe O’Brien Martin Anderson Yılmaz Thompson Kelly Lee Walker Sørensen Harris Raman Clarke Nowak Lefèvre Mensah Robinson King Wright Campbell';
const trades = 'Legal Lawyers Law Insurance Claims Partners Group Solicitors Compensation Mutual';
const syllables =
  'ba be bo da de di fa fe ga go ha he ja jo ka ke ki la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te ti to va ve vi wa we ya yo za zo bran stein ford wick well ton ley son man berg';

const manyFirms = 5_000;

/** One person has this name; hundreds have the other, which begins with the same letters. */
export const theOne = 'Barnab Quillfeather';
export const theOthers = 'Barnabas Quillfeatherstone';

/** Without triggers, foreign keys and most indexes while rows are inserted: a few statements do their work for all rows. */
export async function fillReferrers(db: Database, people: number, firms = manyFirms): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw(
      `set local session_replication_role = replica; set local maintenance_work_mem = '512MB'; set local work_mem = '256MB'`,
    );
    await trx.raw('select setseed(0.5)');
    // A name made of syllables, always the same for the same number.
    await trx.raw(`
      create function pg_temp.made_up(n int, syllables text[]) returns text language sql immutable as $$
        select initcap(string_agg(syllables[1 + (n / (cardinality(syllables) ^ at)::int) % cardinality(syllables)], ''))
        from generate_series(0, 2) at
      $$`);
    const words = (text: string) => text.split(' ');
    await trx.raw(
      `create temp table firsts on commit drop as
         select n, coalesce((?::text[])[n + 1], pg_temp.made_up(n * 7919 + 17, ?::text[])) as name
         from generate_series(0, 2999) n`,
      [words(first), words(syllables)],
    );
    await trx.raw(
      `create temp table lasts on commit drop as
         select n, coalesce((?::text[])[n + 1], pg_temp.made_up((n::bigint * 104729 % 200000)::int + 31, ?::text[])) as name
         from generate_series(0, 59999) n`,
      [words(last), words(syllables)],
    );
    await trx.raw(
      `insert into organizations (id, name, slug, created_at)
       select gen_random_uuid(),
         l.name || ' ' || (?::text[])[1 + firm % 10] || case when firm % 3 = 0 then ' ' || firm else '' end,
         'bench-' || firm, now()
       from generate_series(0, ?::int - 1) firm join lasts l on l.n = firm * 11 % 60000`,
      [words(trades), firms],
    );
    // A power of a random number as rank: a few names are very frequent.
    await trx.raw(
      `create temp table drawn on commit drop as
         select n, gen_random_uuid() as id, floor(3000 * random() ^ 3)::int as f,
           floor(60000 * random() ^ 3)::int as l, floor(?::int * random() ^ 2)::int as firm
         from generate_series(1, ?::int) n`,
      [firms, people],
    );
    await trx.raw('analyze firsts, lasts, drawn, organizations');
    await withoutIndexes(trx, ['users', 'members'], async () => {
      await trx.raw(`
        insert into users (id, name, email, email_verified, role)
        select d.id, coalesce(case d.n when 1 then '${theOne}' end, case when d.n <= ${people / 2_500} then '${theOthers}' end, f.name || ' ' || l.name),
          fold_text(translate(case d.n % 3
            when 0 then f.name || '.' || l.name
            when 1 then left(f.name, 1) || l.name
            else f.name end, '’', '')) || d.n || '@'
            || regexp_replace(fold_text(o.name), '[^a-z0-9]+', '-', 'g') || '.example',
          true, 'referrer'
        from drawn d join firsts f on f.n = d.f join lasts l on l.n = d.l
          join organizations o on o.slug = 'bench-' || d.firm`);
      await trx.raw(`
        insert into members (id, user_id, organization_id, role, created_at)
        select gen_random_uuid(), d.id, o.id, 'member', now()
        from drawn d join organizations o on o.slug = 'bench-' || d.firm`);
    });
    await trx.raw(
      'insert into member_counts select organization_id, count(*) from members group by 1 on conflict (organization_id) do update set active = excluded.active',
    );
    await trx.raw('analyze users, members');
    await withoutIndexes(trx, ['referrer_search'], async () => {
      await trx.raw(`
        insert into referrer_search (user_id, words, lexemes, name_words, name_lexemes)
        select id, words, search_lexemes(search_words(without_top_domain(words))), referrer_name_words(name),
          search_lexemes(search_words(name))
        from (
          select d.id, referrer_words(d.id) as words, u.name
          from drawn d join users u on u.id = d.id
        ) said`);
    });
    await trx.raw(`
      insert into referrer_lexemes
      select distinct word from referrer_search, unnest(tsvector_to_array(lexemes)) word
      where word ~ '^[[:alpha:]]{3,}$' on conflict do nothing`);
    await trx.raw(
      `insert into user_activity (user_id, last_active_at)
       select id, now() - random() * interval '300 days' from drawn where n % 5 <> 0`,
    );
    // One of ten is signed in, some of them on several devices.
    await trx.raw(
      `insert into sessions (token, user_id, expires_at, created_at, updated_at, last_seen_at)
       select 'bench-' || d.n || '-' || device, d.id, now() + interval '6 hours', now(), now(), now()
       from drawn d, generate_series(1, 2) device where d.n % 10 = 0 and (device = 1 or d.n % 40 = 0)`,
    );
  });
  for (const table of [
    'users',
    'members',
    'organizations',
    'sessions',
    'user_activity',
    'member_counts',
    'referrer_search',
    'referrer_lexemes',
  ])
    await db.raw(`vacuum analyze ${table}`);
}
