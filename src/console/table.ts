// What the console may show of a table. What is not named here is neither read, filtered by, sorted by nor sent.
import type { Role } from '../accounts/index.ts';

export type ColumnType = 'string' | 'enum' | 'number' | 'datetime' | 'date' | 'boolean' | 'id' | 'json';

export interface Column {
  name: string;
  label?: string;
  type: ColumnType;
  /** SQL over the table's `from`; a trusted constant, never made of input. */
  sql: string;
  /** Of an enumeration. */
  values?: readonly string[];
  /** Health information: shown, but never filtered by, because filters stand in the address. */
  isHealth?: true;
  /** The record that it names: SQL for `table/id`, null when there is none. */
  to?: string;
  /** Of a time: the column that says in which zone it is read; unset: in the reader's. */
  zone?: string;
  /** In lists and records, or in records only; everywhere when unset. */
  shown?: 'everywhere' | 'record';
}

export interface Table {
  id: string;
  label: string;
  /** One of its records. */
  one: string;
  group: 'Work' | 'People' | 'Exchange' | 'Oversight';
  who: 'staff' | 'admin';
  /** SQL after `from`, joins included. */
  from: string;
  /** The first is the id. */
  columns: readonly Column[];
  title: string;
  sort: { by: string; direction: 'asc' | 'desc' };
}

export function mayRead(role: Role, table: Pick<Table, 'who'>): boolean {
  return role === 'admin' || (role === 'support' && table.who === 'staff');
}

export function columnOf(table: Table, name: string): Column | null {
  return table.columns.find((column) => column.name === name) ?? null;
}

/** Beside a column's own value in a row: where it leads. */
export const leadsTo = (name: string): string => `${name} to`;
