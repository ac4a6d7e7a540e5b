// A referrer on the phone is found by what one hears: parts of names, in any order, with typos, without accents.
// Several looks, each only when those before found too few: the words as they stand, first of all as a whole name; the
// words with the last, then with any of them only begun; those that are spelled alike; all but one of them.
import type { Queryable } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import type { FoundReferrer } from './impersonation.ts';

interface Row {
  id: string;
  name: string;
  email: string;
  organization_id: string;
  organization_name: string;
  last_active_at: Date | null;
  /** Which of the looks found it. */
  look?: number;
}

const shown = 20;
/** With fewer, something may be misspelled. */
const few = 5;
const mostWords = 8;
/** As many are ranked: more would take longer than anyone reads. */
const ranked = 150;
/** Of how many words a typed one may be a misspelling. */
const alternatives = 8;
/** Shorter beginnings are those of half of all people. */
const shortestPrefix = 3;
/** A beginning that more share than this is taken for the commonest words that begin so: the index has those at once. */
const tooCommon = 0.005;

/** How long the common words are kept. */
const keptMs = 10 * 60_000;

/** What stands for one typed word: any of these lexemes, or, with `:*`, of those that begin so. */
type Term = string[];

export type ReferrerSearch = (query: string) => Promise<FoundReferrer[]>;

/** Best first, 20 at most. */
export function createReferrerSearch(db: Queryable): ReferrerSearch {
  const common = createCommonLexemes(db);

  return async (query) => {
    const { said, words, last, name } = await normalise(db, query);
    if (words.length === 0) return [];
    if (words.length === 1 && said.length < shortestPrefix) return (await beginners(db, said)).map(toFound);

    const shares = await common();
    const typed = words.map((word) => asTyped(word, shares));
    const whole: Term[] = words.map((word) => [word]);
    const lastBegun = words.map((word, at) => (word === last && typed[at]) || [word]);
    const found = new Map<string, Row>();
    const look = async (...looks: Look[]) => {
      for (const row of await people(db, said, looks)) if (!found.has(row.id)) found.set(row.id, row);
    };
    await look(
      { column: 'name_words', wanted: name },
      { column: 'name_lexemes', wanted: allOf(whole) },
      { column: 'name_lexemes', wanted: allOf(lastBegun) },
      { column: 'lexemes', wanted: allOf(whole) },
      { column: 'lexemes', wanted: allOf(typed) },
    );
    // A name that somebody has is not misspelled.
    const isName = [...found.values()].some((row) => row.look === 0);
    if (found.size < few && !isName && words.some(isWord)) {
      const near = await spelledAlike(db, words);
      // Most often each is one letter from what was meant.
      const nearest = words.map((word) => [near.get(word)?.[0] ?? word]);
      const alike = words.map((word, at) => [
        ...((word === last && typed[at]) || [word]),
        ...(near.get(word) ?? []),
      ]);
      await look(
        { column: 'name_lexemes', wanted: allOf(nearest) },
        { column: 'lexemes', wanted: allOf(nearest) },
        { column: 'lexemes', wanted: allOf(alike) },
      );
      // One of them may be wrong, the others only begun: first the one that fewest have.
      const rest = typed.map((term, at) => [...term, ...(near.get(words[at] ?? '') ?? [])]);
      for (const at of rest.length > 1 ? byRarity(words, shares) : []) {
        if (found.size === 0) await look({ column: 'lexemes', wanted: allOf(rest.toSpliced(at, 1)) });
      }
    }
    return [...found.values()].slice(0, shown).map(toFound);
  };
}

interface Typed {
  said: string;
  words: string[];
  /** The one that may not be typed to its end; one of `words` unless too many were typed. */
  last: string | null;
  /** As the names of referrers are kept, when it is one. */
  name: string;
}

async function normalise(db: Queryable, query: string): Promise<Typed> {
  const { rows } = await db.raw<{ rows: Typed[] }>(
    `select said, referrer_lexemes_of(said) as words, referrer_name_words(said) as name,
       (referrer_lexemes_of(substring(said from '[^[:space:]]*$')))[1] as last
     from (select lower(unaccent(?)) as said) typed`,
    [query.normalize('NFC')],
  );
  const { said = '', words = [], last = null, name = '' } = rows[0] ?? {};
  return { said, words: words.slice(0, mostWords), last, name };
}

/** No number is taken for another. */
function isWord(word: string): boolean {
  return word.length >= shortestPrefix && !/\d/.test(word);
}

function asTyped(word: string, shares: CommonLexemes): Term {
  if (word.length < shortestPrefix) return [word];
  const beginning = shares.filter(([lexeme]) => lexeme.startsWith(word));
  const isCommon = beginning.reduce((sum, [, share]) => sum + share, 0) > tooCommon;
  return isCommon
    ? [...new Set([word, ...beginning.slice(0, alternatives).map(([lexeme]) => lexeme)])]
    : [`${word}:*`];
}

function byRarity(words: string[], shares: CommonLexemes): number[] {
  const known = new Map(shares);
  return words.map((_, at) => at).sort((a, b) => shareOf(a) - shareOf(b));

  function shareOf(at: number): number {
    return known.get(words[at] ?? '') ?? 0;
  }
}

async function spelledAlike(db: Queryable, words: string[]): Promise<Map<string, string[]>> {
  const { rows } = await db.raw<{ rows: { typed: string; near: string[] }[] }>(
    `select typed, array(
       select word from referrer_lexemes where word % typed order by similarity(word, typed) desc, word limit ?
     ) as near from unnest(?::text[]) typed`,
    [alternatives, words.filter(isWord)],
  );
  return new Map(rows.map((row) => [row.typed, row.near]));
}

/** As a tsquery is written. Lexemes are letters and digits: there is nothing in them to quote but themselves. */
function allOf(terms: Term[]): string {
  const quoted = (lexeme: string) => (lexeme.endsWith(':*') ? `'${lexeme.slice(0, -2)}':*` : `'${lexeme}'`);
  return terms.map((term) => `(${term.map(quoted).join('|')})`).join('&');
}

const columns = `u.id, u.name, u.email, o.id as organization_id, o.name as organization_name,
  a.last_active_at`;
const joins = `join users u on u.id = r.user_id and u.role = 'referrer' and not u.banned
  join members m on m.user_id = u.id join organizations o on o.id = m.organization_id
  left join user_activity a on a.user_id = u.id`;

/** One way to look: a whole name, or a tsquery in the words of the name or in all words. */
interface Look {
  column: 'name_words' | 'name_lexemes' | 'lexemes';
  wanted: string;
}

/**
 * What the first look finds before what the next does, in one round trip; a look is not taken when one before it found
 * enough. Within one, the likest first.
 */
async function people(db: Queryable, said: string, looks: Look[]): Promise<Row[]> {
  // None twice: of a single word the last is the only one.
  const taken = looks.filter(
    (one, at) =>
      looks.findIndex((other) => other.column === one.column && other.wanted === one.wanted) === at,
  );
  const ctes = taken.map(({ column }, at) => {
    const isIn = column === 'name_words' ? 'name_words = ?' : `${column} @@ ?::tsquery`;
    const isWanted = taken
      .slice(0, at)
      .map((_, before) => `(select count(*) from look_${before}) < ${shown}`);
    return `look_${at} as materialized (
       select user_id, words, ${at} as look from referrer_search where ${[isIn, ...isWanted].join(' and ')} limit ${ranked})`;
  });
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with ${ctes.join(', ')}, found as (
       select user_id, words, min(look) as look, word_similarity(?, words) as likeness
       from (${taken.map((_, at) => `select * from look_${at}`).join(' union all ')}) some_of_them
       group by user_id, words
     ), best as (
       select * from found order by look, likeness desc, length(words), user_id limit ${shown}
     )
     select ${columns}, r.look from best r ${joins} order by r.look, r.likeness desc, length(r.words), u.name, u.id`,
    [...taken.map(({ wanted }) => wanted), said],
  );
  return rows;
}

/** Those whose name begins so, in the order of the alphabet. */
async function beginners(db: Queryable, said: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with best as (
       select user_id, words from referrer_search where words like ? order by words using ~<~ limit ${shown}
     )
     select ${columns} from best r ${joins} order by r.words, u.id`,
    [`${said.trim().replaceAll(/[\\%_]/g, String.raw`\$&`)}%`],
  );
  return rows;
}

/** One who may be acted as: active, and of an organisation. */
export async function findReferrer(db: Queryable, userId: string): Promise<FoundReferrer | null> {
  if (!isUuid(userId)) return null;
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from (select ?::uuid as user_id) r ${joins}`,
    [userId],
  );
  return rows[0] ? toFound(rows[0]) : null;
}

/** The last ten that this admin acted as, and may still act as. */
export async function recentReferrers(db: Queryable, adminId: string): Promise<FoundReferrer[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns}
     from (select user_id, max(started_at) as last from impersonations where admin_id = ? group by user_id) r ${joins}
     order by r.last desc limit 10`,
    [adminId],
  );
  return rows.map(toFound);
}

function toFound(row: Row): FoundReferrer {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    organization: { id: row.organization_id, name: row.organization_name },
    lastActiveAt: row.last_active_at,
  };
}

// Which words very many people share. PostgreSQL counts them for its planner: read from its statistics, they need no
// counter of ours that every new referrer would have to lock.

/** Lexemes, and of all referrers the share that has each, from 0 to 1; the commonest first. */
type CommonLexemes = [lexeme: string, share: number][];

/** They change slowly: read anew every ten minutes. */
function createCommonLexemes(db: Queryable): () => Promise<CommonLexemes> {
  let kept: { until: number; lexemes: Promise<CommonLexemes> } | null = null;
  return () => {
    if (!kept || kept.until < performance.now()) {
      const mine = { until: performance.now() + keptMs, lexemes: readCommon(db) };
      kept = mine;
      mine.lexemes.catch(() => {
        if (kept === mine) kept = null;
      });
    }
    return kept.lexemes;
  };
}

/** Empty before the first analyze: then there are few people. */
async function readCommon(db: Queryable): Promise<CommonLexemes> {
  // The shares end with some that are of no word.
  const { rows } = await db.raw<{ rows: { word: string; share: number }[] }>(
    `select word, share
     from pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) as common (word, share)
     where schemaname = current_schema() and tablename = 'referrer_search' and attname = 'lexemes'
       and word is not null
     order by share desc, word`,
  );
  return rows.map(({ word, share }) => [word, share]);
}
