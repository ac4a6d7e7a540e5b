// What the console may show of a table. What is not named here is neither read, filtered by, sorted by nor sent.
import type { Role } from '../accounts/index.ts';

export type ColumnType = 'string' | 'enum' | 'number' | 'datetime' | 'date' | 'boolean' | 'id' | 'json';

export interface Column {
  name: string;
  label?: string;
  type: ColumnType;
  /** SQL over the table's `from`; a trusted constant, never made of input. */
  sql: string;
  /** Of an enumeration: each value with the words it is shown in. */
  words?: Readonly<Record<string, string>>;
  /** Health information: filtered by in sealed words only, because filters stand in the address. */
  isHealth?: true;
  /** The record that it names: SQL for `table/id`, null when there is none. */
  to?: string;
  /** Of a count: the list that it counts, and the column there that names this record. */
  lists?: { table: string; by: string; also?: Record<string, string> };
  /** Of a time: the column that says in which zone it is read, and its days begin; unset: in the reader's. */
  zone?: string;
  /** Of ids of many kinds: one that is written out is meant as it is. */
  isId?: true;
  /** In lists and records, in records only, or only filtered by where a link leads; everywhere when unset. */
  shown?: 'everywhere' | 'record' | 'link';
}

export interface Table {
  id: string;
  label: string;
  /** One of its records. */
  one: string;
  group: 'Work' | 'People' | 'Integrations' | 'Oversight';
  who: 'staff' | 'admin';
  /** SQL after `from`, joins included. */
  from: string;
  /** The first is the id. */
  columns: readonly Column[];
  title: string;
  /** What its search box looks in, and what is said of it. Unset: all its texts. */
  searched?: { sql: string; hint: string };
  /** Texts are looked for in so many of its newest records, of those that everything else leaves. Unset: in all. */
  textsOfNewest?: number;
  sort: { by: string; direction: 'asc' | 'desc' };
}

export function mayRead(role: Role, table: Pick<Table, 'who'>): boolean {
  return role === 'admin' || (role === 'support' && table.who === 'staff');
}

export function columnOf(table: Table, name: string): Column | null {
  return table.columns.find((column) => column.name === name) ?? null;
}

/** Stands among the filters, and is no column: words that may be anybody's name, sealed as those are. */
export const searchFilter = 'search';

export function searchOf({ searched, columns, textsOfNewest }: Table): { sql: string; hint: string | null } {
  if (searched) return searched;
  const texts = columns.filter(({ type }) => type === 'string').map(({ sql }) => sql);
  if (texts.length === 0) return { sql: `''`, hint: null };
  const hint = textsOfNewest
    ? `Search in the newest ${textsOfNewest.toLocaleString('en-AU')}`
    : 'Search in all its texts';
  return { sql: `concat_ws(' ', ${texts.join(', ')})`, hint };
}

/** Beside a column's own value in a row: where it leads. */
export const leadsTo = (name: string): string => `${name} to`;
