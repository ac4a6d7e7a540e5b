// Searches by words, in any order. The database alone folds them (fold_text, search_words and query_words in the
// schema), so that what is stored and what is typed agree.
import type { Knex } from 'knex';
import { tidyLine } from '../lib/typed-text.ts';
import type { Queryable } from './knex.ts';

/** A typed word, folded: without punctuation, so that it needs no escaping in patterns and in a tsquery. */
export interface SearchWord {
  word: string;
  /** Whose name has a word that begins with it; with one or two letters, a word that is it. */
  specialists: string[];
  organizations: string[];
}

/** Where a list has its words: SQL expressions over its rows. */
export interface SearchedColumns {
  /** Made by search_words(). */
  words: string;
  /** Made by search_lexemes(); without it the list has no exact matches. */
  lexemes?: string;
  /** Ids whose names are searched as well. */
  specialist?: string;
  organization?: string;
}

/** Words of one or two letters are compared with whole words and beginnings: parts of words match nearly everything. */
const shortest = 3;

/** The words of a search; empty when there are none in it. */
export async function readSearch(db: Queryable, typed: string): Promise<SearchWord[]> {
  const { rows } = await db.raw<{ rows: SearchWord[] }>(
    `select word,
       array(select id from specialists where search_text like pattern) as specialists,
       array(select id from organizations where search_text like pattern) as organizations
     from unnest(query_words(?)) with ordinality as typed (word, at),
       lateral (select case when length(word) < ${shortest} then '% ' || word || ' %' else '% ' || word || '%' end) as as_like (pattern)
     order by at`,
    [tidyLine(typed.replaceAll('\0', ' '))],
  );
  return rows;
}

/** The same without the names of specialists and organisations. */
export async function readWords(db: Queryable, typed: string): Promise<SearchWord[]> {
  const { rows } = await db.raw<{ rows: { word: string }[] }>('select unnest(query_words(?)) as word', [
    tidyLine(typed.replaceAll('\0', ' ')),
  ]);
  return rows.map(({ word }) => ({ word, specialists: [], organizations: [] }));
}

/** Rows that have every word as a whole, one of two letters in a name; a single letter is an initial. */
export function whereExact(rows: Knex.QueryBuilder, lexemes: string, words: SearchWord[]): void {
  void rows.whereRaw(`${lexemes} @@ ?::tsquery`, [exactly(words)]);
}

export function whereNotExact(rows: Knex.QueryBuilder, lexemes: string, words: SearchWord[]): void {
  void rows.whereRaw(`not ${lexemes} @@ ?::tsquery`, [exactly(words)]);
}

function exactly(words: SearchWord[]): string {
  const lexemes = words.map(({ word }) => {
    const sign = word.length === 1 ? '^' : word.length < shortest ? '=' : '';
    return `'${sign}${word}'`;
  });
  return lexemes.join(' & ');
}

/** Rows that have every word, as a part or in the name of their specialist or organisation. Without words: none. */
export function whereFound(rows: Knex.QueryBuilder, columns: SearchedColumns, words: SearchWord[]): void {
  if (words.length === 0) void rows.whereRaw('false');
  for (const word of words) {
    const ways = [
      partOf(columns, word.word),
      ...idIn(columns.specialist, word.specialists),
      ...idIn(columns.organization, word.organizations),
    ];
    void rows.whereRaw(
      `(${ways.map(({ sql }) => sql).join(' or ')})`,
      ways.map(({ value }) => value),
    );
  }
}

function partOf({ words, lexemes }: SearchedColumns, word: string): { sql: string; value: string } {
  if (word.length >= shortest) return { sql: `${words} like ?`, value: `%${word}%` };
  return lexemes
    ? { sql: `${lexemes} @@ ?::tsquery`, value: `'^${word}'` }
    : { sql: `${words} like ?`, value: `% ${word}%` };
}

function idIn(column: string | undefined, ids: string[]): { sql: string; value: string[] }[] {
  return column === undefined || ids.length === 0 ? [] : [{ sql: `${column} = any(?::uuid[])`, value: ids }];
}
