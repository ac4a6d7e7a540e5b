// Finds a referrer by what an admin hears on the phone: parts of names, in any order, with typos, without accents.
// The search has steps; each runs only when those before found too few: the words as typed, first as a whole name; the
// last word, then any word, as a prefix; words that are spelled alike; all words but one.
import type { Queryable } from '../db/knex.ts';
import { escapeLike } from '../db/search.ts';
import { tidyLine } from '../lib/typed-text.ts';
import { isUuid } from '../lib/uuid.ts';
import type { FoundReferrer } from './impersonation.ts';

interface Row {
  id: string;
  name: string;
  email: string;
  organization_id: string;
  organization_name: string;
  last_active_at: Date | null;
  /** Which step of the search found it. */
  step?: number;
}

const shown = 20;
/** With fewer results, a word may be misspelled. */
const few = 5;
const mostWords = 8;
/** How many results of a step are ranked. */
const ranked = 150;
/** Up to this length one wrong letter leaves too few trigrams to compare: such words are looked up with each letter changed. */
const tooShortToCompare = 4;
/** How many similar words are tried for a typed one. */
const alternatives = 8;
/** Shorter prefixes match half of all people. */
const shortestPrefix = 3;
/** A prefix that more than this share of people have is replaced by the commonest words with it, which the index finds faster. */
const tooCommon = 0.005;

/** How long the common words are kept. */
const keptMs = 10 * 60_000;

/** One typed word in the query: any of these lexemes; with `:*`, any that begins with it. */
type Term = string[];

export type ReferrerSearch = (query: string) => Promise<FoundReferrer[]>;

/** Best first, 20 at most. */
export function createReferrerSearch(db: Queryable): ReferrerSearch {
  const common = createCommonLexemes(db);

  return async (query) => {
    const { text, words, last, name } = await normalise(db, query);
    const [first] = words;
    if (first === undefined) return [];
    const found = new Map<string, Row>();
    const keep = (rows: Row[]) => {
      for (const row of rows) if (!found.has(row.id)) found.set(row.id, row);
    };
    const search = async (...steps: Step[]) => {
      keep(await findPeople(db, text, steps));
    };
    if (words.length === 1 && first.length < shortestPrefix) {
      // People who are called Ng, then those whose name begins so.
      if (first.length > 1) await search({ column: 'name_lexemes', wanted: allOf([asWhole(first)]) });
      if (found.size < shown) keep(await findByPrefix(db, first));
      return [...found.values()].slice(0, shown).map(toFound);
    }

    const shares = await common();
    const typed = words.map((word) => asTyped(word, shares));
    const whole = words.map(asWhole);
    const lastBegun = words.map((word, at) => (word === last && typed[at]) || asWhole(word));
    await search(
      { column: 'name_words', wanted: name },
      { column: 'name_lexemes', wanted: allOf(whole) },
      { column: 'name_lexemes', wanted: allOf(lastBegun) },
      { column: 'lexemes', wanted: allOf(whole) },
      { column: 'lexemes', wanted: allOf(typed) },
    );
    // A name that somebody has is not misspelled.
    const isName = [...found.values()].some((row) => row.step === 0);
    if (found.size < few && !isName && words.some(isWord)) {
      const near = await spelledAlike(db, words);
      // Most often each word is one letter from what was meant.
      const nearest = words.map((word) => asWhole(near.get(word)?.[0] ?? word));
      const alike = words.map((word, at) => [
        ...((word === last && typed[at]) || asWhole(word)),
        ...(near.get(word) ?? []),
      ]);
      await search(
        { column: 'name_lexemes', wanted: allOf(nearest) },
        { column: 'lexemes', wanted: allOf(nearest) },
        { column: 'lexemes', wanted: allOf(alike) },
      );
      // One word may be wrong, the others prefixes. Leaves out the rarest word first.
      const rest = typed.map((term, at) => [...term, ...(near.get(words[at] ?? '') ?? [])]);
      for (const at of rest.length > 1 ? byRarity(words, shares) : []) {
        if (found.size === 0) await search({ column: 'lexemes', wanted: allOf(rest.toSpliced(at, 1)) });
      }
    }
    return [...found.values()].slice(0, shown).map(toFound);
  };
}

interface Typed {
  text: string;
  words: string[];
  /** May be unfinished; one of `words` unless too many were typed. */
  last: string | null;
  /** In the form in which names of referrers are stored. */
  name: string;
}

async function normalise(db: Queryable, query: string): Promise<Typed> {
  const { rows } = await db.raw<{ rows: Typed[] }>(
    `select text, referrer_typed_words(text) as words, referrer_name_words(text) as name,
       (referrer_typed_words(substring(text from '[^[:space:]]*$')))[1] as last
     from (select fold_text(?) as text) typed`,
    // A blank at the end says that the last word is complete.
    [/\s$/.test(query) ? `${tidyLine(query)} ` : tidyLine(query)],
  );
  const { text = '', words = [], last = null, name = '' } = rows[0] ?? {};
  return { text, words: words.slice(0, mostWords), last, name };
}

/** Numbers are never treated as misspelled. */
function isWord(word: string): boolean {
  return word.length >= shortestPrefix && !/\d/.test(word);
}

/** A single letter is an initial: see search_lexemes() in the schema. */
function asWhole(word: string): Term {
  return [word.length === 1 ? `^${word}` : word];
}

function asTyped(word: string, shares: CommonLexemes): Term {
  if (word.length < shortestPrefix) return [`^${word}`];
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

/**
 * Two letters in the wrong order first, then the most similar. For a word that somebody has only similar ones are taken: its
 * other letters would name very many people.
 */
async function spelledAlike(db: Queryable, words: string[]): Promise<Map<string, string[]>> {
  const misspelled = words.filter(isWord);
  const { rows } = await db.raw<{ rows: { typed: string; near: string[] }[] }>(
    `select typed, array(
       select word from (
         select word from referrer_lexemes where word % typed
         union
         select word from referrer_lexemes
         where is_unknown and word = any(string_to_array(swapped || ' ' || changed, ' '))
       ) alike
       order by word = any(string_to_array(swapped, ' ')) desc, similarity(word, typed) desc, word limit ?
     ) as near
     from unnest(?::text[], ?::text[], ?::text[]) misspelled (typed, swapped, changed),
       lateral (select not exists (select from referrer_lexemes where word = typed) as is_unknown) asked`,
    [
      alternatives,
      misspelled,
      misspelled.map((word) => swappedLetters(word).join(' ')),
      misspelled.map((word) => (word.length <= tooShortToCompare ? changedLetters(word).join(' ') : '')),
    ],
  );
  return new Map(rows.map((row) => [row.typed, row.near]));
}

/** Each two neighbouring letters of the word, exchanged. */
function swappedLetters(word: string): string[] {
  return Array.from(
    { length: word.length - 1 },
    (_, at) => `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
  );
}

/** The word with one letter less, more or replaced. */
function changedLetters(word: string): string[] {
  const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
  return Array.from({ length: word.length + 1 }, (_, at) => {
    const [before, after] = [word.slice(0, at), word.slice(at)];
    const added = letters.map((letter) => before + letter + after);
    const replaced = letters.map((letter) => before + letter + after.slice(1));
    return [before + after.slice(1), ...added, ...replaced];
  }).flat();
}

/** As a tsquery. Lexemes are letters and digits only, so they need no escaping. */
function allOf(terms: Term[]): string {
  const quoted = (lexeme: string) => (lexeme.endsWith(':*') ? `'${lexeme.slice(0, -2)}':*` : `'${lexeme}'`);
  return terms.map((term) => `(${term.map(quoted).join('|')})`).join('&');
}

const columns = `u.id, u.name, u.email, o.id as organization_id, o.name as organization_name,
  a.last_active_at`;
const joins = `join users u on u.id = r.user_id and u.role = 'referrer' and not u.banned
  join members m on m.user_id = u.id join organizations o on o.id = m.organization_id
  left join user_activity a on a.user_id = u.id`;

/** One query: a whole name, or a tsquery on the words of the name or on all words. */
interface Step {
  column: 'name_words' | 'name_lexemes' | 'lexemes';
  wanted: string;
}

/**
 * Runs the steps in one round trip. Results of an earlier step come first; a step is skipped when earlier ones found
 * enough. Within a step the most similar come first.
 */
async function findPeople(db: Queryable, text: string, steps: Step[]): Promise<Row[]> {
  // Drops duplicate steps: for a single word some are equal.
  const taken = steps.filter(
    (one, at) =>
      steps.findIndex((other) => other.column === one.column && other.wanted === one.wanted) === at,
  );
  const ctes = taken.map(({ column }, at) => {
    const isIn = column === 'name_words' ? 'name_words = ?' : `${column} @@ ?::tsquery`;
    const isWanted = taken
      .slice(0, at)
      .map((_, before) => `(select count(*) from step_${before}) < ${shown}`);
    return `step_${at} as materialized (
       select user_id, words, ${at} as step from referrer_search where ${[isIn, ...isWanted].join(' and ')} limit ${ranked})`;
  });
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with ${ctes.join(', ')}, found as (
       select user_id, words, min(step) as step, word_similarity(?, words) as likeness
       from (${taken.map((_, at) => `select * from step_${at}`).join(' union all ')}) some_of_them
       group by user_id, words
     ), best as (
       select * from found order by step, likeness desc, length(words), user_id limit ${shown}
     )
     select ${columns}, r.step from best r ${joins} order by r.step, r.likeness desc, length(r.words), u.name, u.id`,
    [...taken.map(({ wanted }) => wanted), text],
  );
  return rows;
}

/** Those whose name begins with the text, alphabetically. */
async function findByPrefix(db: Queryable, text: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with best as (
       select user_id, words from referrer_search where words like ? order by words using ~<~ limit ${shown}
     )
     select ${columns} from best r ${joins} order by r.words, u.id`,
    [`${escapeLike(text.trim())}%`],
  );
  return rows;
}

/** A referrer who may be acted as: active, and in an organisation. */
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

/** They change slowly, so they are read every ten minutes. */
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

/** Empty before the first ANALYZE; there are few people then. */
async function readCommon(db: Queryable): Promise<CommonLexemes> {
  // The array of shares ends with some that belong to no word.
  const { rows } = await db.raw<{ rows: { word: string; share: number }[] }>(
    `select word, share
     from pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) as common (word, share)
     where schemaname = current_schema() and tablename = 'referrer_search' and attname = 'lexemes'
       and word is not null
     order by share desc, word`,
  );
  return rows.map(({ word, share }) => [word, share]);
}
