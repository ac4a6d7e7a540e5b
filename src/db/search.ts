// Searches by words, in any order. The database alone folds them (fold_text, search_words and query_words in the
// schema), so that what is stored and what is typed agree.
import type { Knex } from 'knex';
import { tidyLine } from '../lib/typed-text.ts';
import type { Queryable } from './knex.ts';

/** Where the words of a list are: expressions of SQL over `from`. */
export interface Searched {
  from: string;
  /** `from` with the rows of the organisation `?` alone, which PostgreSQL then reads before it looks at words. */
  ofOrganization?: string;
  /** The column of the id. */
  id: string;
  /** Made by search_words(). */
  words: string;
  /** Made by search_lexemes(); without it the list has no exact matches. */
  lexemes?: string;
  /** Columns of ids whose names are searched as well. */
  specialist?: string;
  organization?: string;
  /** Which rows are read when there are too many. */
  order: string;
}

/** Folded words have no punctuation, so they are not escaped in patterns and in a tsquery. */
export interface Search {
  words: string[];
  ways: Way[];
  /** The only organisation whose rows may be found, if it has so few that reading all is faster than an index of words. */
  amongFewOf: string | null;
}

/**
 * One way in which a row matches: these words are in the row itself, all others in the name of one of these specialists or
 * organisations. Each way is a query of its own, because an index can serve it. No index serves a condition for each word
 * with all its alternatives.
 */
interface Way {
  words: string[];
  specialists: string[] | null;
  organizations: string[] | null;
}

/** Words of one or two letters are compared with whole words and beginnings: parts of words match nearly everything. */
const shortest = 3;
const mostWays = 8;
/** As in a claim number: nearly no other row has such a word. */
const nearlyUnique = /\d{6}/;
/** Reading that many rows takes 1 ms. An index of words takes 2 ms with a million bookings, and longer with more. */
const mostFew = 500;

/** Escapes `%`, `_` and the backslash for `like`. */
export const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** The words alone; none when nothing but punctuation was typed. */
export async function readWords(db: Queryable, typed: string): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { words: string[] }[] }>('select query_words(?) as words', [
    tidied(typed),
  ]);
  return rows[0]?.words ?? [];
}

/** @param organizationId of the only organisation whose rows may be found; unset: any */
export async function readSearch(
  db: Queryable,
  typed: string,
  organizationId?: string | null,
): Promise<Search> {
  const { rows } = await db.raw<{ rows: FoundNames[] }>(
    `select word,
       (select count(*) <= ${mostFew} from (
         select from bookings where organization_id = ?::uuid limit ${mostFew + 1}) b) as has_few,
       array(select id from specialists where search_text like pattern) as specialists,
       array(select id from organizations where search_text like pattern and id = coalesce(?::uuid, id)) as organizations
     from unnest(query_words(?)) with ordinality as typed (word, at),
       lateral (select '% ' || word || case when length(word) < ${shortest} then ' %' else '%' end) as as_like (pattern)
     order by at`,
    [organizationId ?? null, organizationId ?? null, tidied(typed)],
  );
  const words = rows.map(({ word }) => word);
  const bySpecialists = groupsOf(rows.map(({ word, specialists }) => [word, specialists]));
  const byOrganizations = groupsOf(rows.map(({ word, organizations }) => [word, organizations]));
  const ways = [null, ...bySpecialists].flatMap((specialists) =>
    [null, ...byOrganizations].map((organizations) => wayOf(words, specialists, organizations)),
  );
  const useful = ways.filter((way) => way !== null).toSorted((a, b) => a.words.length - b.words.length);
  const [own, ...others] = [useful.pop(), ...useful];
  const amongFewOf = organizationId && rows[0]?.has_few ? organizationId : null;
  return { words, ways: own ? [own, ...others.slice(0, mostWays - 1)] : [], amongFewOf };
}

/** Which specialists and organisations have a word in their names. */
interface FoundNames {
  word: string;
  /** The organisation has few bookings. */
  has_few: boolean;
  specialists: string[];
  organizations: string[];
}

function tidied(typed: string): string {
  return tidyLine(typed.replaceAll('\0', ' '));
}

/** Ids whose names have the same words. */
interface Group {
  words: string[];
  ids: string[];
}

function groupsOf(found: [word: string, ids: string[]][]): Group[] {
  const wordsOf = new Map<string, string[]>();
  for (const [word, ids] of found) for (const id of ids) wordsOf.set(id, [...(wordsOf.get(id) ?? []), word]);
  const groups = new Map<string, Group>();
  for (const [id, words] of wordsOf) {
    const key = words.join(' ');
    const group = groups.get(key) ?? { words, ids: [] };
    group.ids.push(id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Null when one of the groups adds no word to the other. */
function wayOf(words: string[], specialists: Group | null, organizations: Group | null): Way | null {
  const [of, at] = [specialists?.words ?? [], organizations?.words ?? []];
  const isIdle = (one: string[], other: string[]) =>
    one.length > 0 && one.every((word) => other.includes(word));
  if (isIdle(of, at) || isIdle(at, of)) return null;
  return {
    words: words.filter((word) => !of.includes(word) && !at.includes(word)),
    specialists: specialists?.ids ?? null,
    organizations: organizations?.ids ?? null,
  };
}

/** `exact`: rows that have exactly these words; `others`: what else is found. */
export type SearchPart = 'exact' | 'others' | 'all';

/**
 * Selects the ids of the rows that are found.
 * @param limit of each way, in the table's order; null: none
 * @param narrow adds what else the rows must be
 */
export function foundIds(
  db: Queryable,
  table: Searched,
  search: Search,
  part: SearchPart,
  limit: number | null,
  narrow: (rows: Knex.QueryBuilder) => void = () => undefined,
): Knex.QueryBuilder {
  const among = search.amongFewOf && table.ofOrganization ? withoutStatistics(table) : table;
  const { lexemes, order } = among;
  const from = among === table ? db.raw(table.from) : db.raw(table.ofOrganization ?? '', [search.amongFewOf]);
  const read = (which: (rows: Knex.QueryBuilder) => void): Knex.QueryBuilder => {
    const rows: Knex.QueryBuilder = db.select(db.raw(`${table.id} as id`)).from(from);
    which(rows);
    narrow(rows);
    return limit === null ? rows : rows.orderByRaw(order).limit(limit);
  };
  if (part === 'exact')
    return read((rows) => {
      if (lexemes && search.words.length > 0)
        void rows.whereRaw(`${lexemes} @@ ?::tsquery`, [exactly(search.words)]);
      else void rows.whereRaw('false');
    });
  const [first, ...rest] = search.ways.map((way) =>
    read((rows) => {
      whereOwn(rows, among, way.words);
      whereIn(rows, table.specialist, way.specialists);
      whereIn(rows, table.organization, way.organizations);
      if (part === 'others' && lexemes)
        void rows.whereRaw(`not ${hidden(lexemes)} @@ ?::tsquery`, [exactly(search.words)]);
    }),
  );
  if (!first || search.words.length === 0) return read((rows) => void rows.whereRaw('false'));
  if (rest.length === 0) return first;
  return db.select('id').from(db.union([first, ...rest], true).as('ways'));
}

/** Hides a column's statistics from the planner: it would compare the word with a thousand samples, which takes long. */
const hidden = (lexemes: string): string => `coalesce(${lexemes}, '')`;

function withoutStatistics(table: Searched): Searched {
  const { words, lexemes } = table;
  return { ...table, words: `${words} || ''`, ...(lexemes !== undefined && { lexemes: hidden(lexemes) }) };
}

/** Short words alone are taken for a surname, because very many rows have them elsewhere, for example in claim numbers. */
function exactly(words: string[]): string {
  const short = words.every((word) => word.length < shortest) ? '=' : '';
  return words.map((word) => `'${word.length === 1 ? '^' : short}${word}'`).join(' & ');
}

/** Rows that have every word in them, as a part or a beginning. */
export function whereOwn(
  rows: Knex.QueryBuilder,
  { words, lexemes }: Pick<Searched, 'words' | 'lexemes'>,
  wanted: string[],
): void {
  const [unique] = wanted.filter((word) => nearlyUnique.test(word)).toSorted((a, b) => b.length - a.length);
  const hasSeveral = unique === undefined && wanted.filter((word) => word.length >= shortest).length > 1;
  for (const word of wanted) {
    const thirds = hasSeveral ? thirdsOf(word) : null;
    // Only the unique word is looked up in the index. Looking up the others reads much of the index and excludes few rows.
    const isRead = !thirds && (unique === undefined || word === unique);
    const compared = isRead ? words : `${words} || ''`;
    if (thirds) void rows.whereRaw(`${words} like ?`, [`%${thirds.join('%')}%`]);
    if (word.length >= shortest) void rows.whereRaw(`${compared} like ?`, [`%${word}%`]);
    else if (lexemes) void rows.whereRaw(`${lexemes} @@ ?::tsquery`, [`'^${word}'`]);
    else void rows.whereRaw(`${compared} like ?`, [`% ${word}%`]);
  }
}

/**
 * "abc", "def" and "ghi" of "abcdefghi"; null for a word that has fewer than two of them. The index of parts has, for each
 * three letters, a list of rows that grows with the number of bookings. For a long word among several, only every third list
 * is read, and the few rows that are in all of them are compared with the words. A single word is not treated so: its thirds
 * may be in so many rows that the planner would look for the word in all bookings, newest first.
 */
function thirdsOf(word: string): string[] | null {
  const thirds = word.match(/.{3}/gu) ?? [];
  return thirds.length > 1 ? thirds : null;
}

/** Compares a single id with `=`, because an index then returns the rows in the list's order. */
function whereIn(rows: Knex.QueryBuilder, column: string | undefined, ids: string[] | null): void {
  if (ids === null) return;
  const [first, ...rest] = ids;
  if (column === undefined || first === undefined) void rows.whereRaw('false');
  else if (rest.length === 0) void rows.whereRaw(`${column} = ?::uuid`, [first]);
  else void rows.whereRaw(`${column} = any(?::uuid[])`, [ids]);
}
