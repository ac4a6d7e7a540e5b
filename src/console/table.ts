// What the console shows of a table: an allow-list. No other column is read, filtered by, sorted by or sent.
import type { Role } from '../accounts/index.ts';
import type { Searched } from '../db/search.ts';

export type ColumnType = 'string' | 'enum' | 'number' | 'datetime' | 'date' | 'boolean' | 'id' | 'json';

export type Who = 'staff' | 'admin';

export interface Column {
  name: string;
  label: string;
  type: ColumnType;
  /** An SQL expression over the table's `from`: a trusted constant, never built from input. */
  sql: string;
  /** For an enumeration: the words of each value. */
  words?: Readonly<Record<string, string>>;
  /** Health information: its filter takes sealed words only, because filters are part of the URL. */
  isHealth?: true;
  /** Makes the value a link: SQL for `table/id` of the record it names, null when there is none. */
  to?: string;
  /** For a count: the list that it counts, and the column there that holds this record's id. */
  lists?: { table: string; by: string; also?: Record<string, string> };
  /** For a time: the column with the IANA zone in which it is shown and days begin. Unset: the reader's zone. */
  zone?: string;
  /** A text column of ids: a filter that is a whole UUID matches exactly, not as a part. */
  isId?: true;
  /** For a number: how lists and records show it. Filters and exports use the number, in this unit if it has one. */
  shownAs?: { words: (value: number) => string; unit?: string };
  /** For JSON that people read: shows it as names and values. Unset: shows it as it is. */
  isFacts?: true;
  /** `record`: in records, not in lists. `filter`: nowhere; links filter by it. Unset: everywhere. */
  shown?: 'record' | 'filter';
}

export interface Table {
  id: string;
  label: string;
  /** What one record is called. */
  singular: string;
  group: 'Work' | 'Directory' | 'Integrations' | 'Oversight';
  who: Who;
  /** SQL after `from`, joins included. */
  from: string;
  /** The first is the id. */
  columns: readonly Column[];
  title: string;
  /** Tells how an empty list gets records. Unset: they come by themselves, or by the list's button. */
  whenEmpty?: string;
  /** What the search box searches, and its placeholder. */
  searched: SearchBox;
  /** Text filters look only at this many of the newest records that pass the other filters. Unset: at all of them. */
  textSearchLimit?: number;
  /** `then` orders rows that are equal in the sorted column, before their ids do. */
  sort: { by: string; direction: 'asc' | 'desc'; then?: string };
  /** Columns of a record by their heading; all others come last, under "Record". Unset: without headings. */
  headings?: Readonly<Record<string, readonly string[]>>;
  /** Lists below a record: of another table, the rows whose column `by` holds this record's id, or its column `holds`. */
  related?: readonly { table: string; by: string; holds?: string }[];
}

/** Whether the role may use a list, an action or a page. */
export function isFor(role: Role, { who }: { who: Who }): boolean {
  return role === 'admin' || (role === 'support' && who === 'staff');
}

export function columnOf(table: Table, name: string): Column | null {
  return table.columns.find((column) => column.name === name) ?? null;
}

/** The columns that a list or a record shows; the id comes last. */
export function columnsIn({ columns }: Table, where: 'list' | 'record'): Column[] {
  return columns
    .filter(({ shown }) => !shown || (where === 'record' && shown === 'record'))
    .toSorted((a, b) => Number(a.name === 'id') - Number(b.name === 'id'));
}

/** Whether a filter (`examinee`, `startsAt~~from`, `search`) holds words that may name an examinee. */
export function isSealed(table: Table, filter: string): boolean {
  const [name = ''] = filter.split(/~~|\./);
  return name === searchFilter || columnOf(table, name)?.isHealth === true;
}

/** The search box's filter. Not a column; its words may be an examinee's name, so they are sealed. */
export const searchFilter = 'search';

export interface SearchBox {
  /** Unset: all text columns, folded while they are read. */
  words?: Searched;
  hint: string | null;
}

/** All text columns as one text, for tables whose words are not stored. */
export function textOf({ columns }: Table): string {
  const texts = columns.filter(({ type }) => type === 'string').map(({ sql }) => sql);
  return texts.length === 0 ? `''` : `search_words(concat_ws(' ', ${texts.join(', ')}))`;
}

/** The key in a row that holds the link of a column's value. */
export const linkKey = (name: string): string => `${name} to`;
