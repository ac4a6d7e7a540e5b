// How the columns of the console's lists are written down.
import type { Column, ColumnType } from './table.ts';

export type More = Partial<Omit<Column, 'name' | 'type'>>;
export const column = (name: string, type: ColumnType, sql: string, more: More = {}): Column => ({
  name,
  type,
  sql,
  ...more,
});
export const oneOf = (name: string, sql: string, values: readonly string[], more: More = {}): Column =>
  column(name, 'enum', sql, { values, ...more });
export const record: More = { shown: 'record' };
export const health: More = { isHealth: true };
/** For the exact filter behind a link: the names of two may be alike. */
export const link: More = { shown: 'link' };
export const types = ['in_person', 'telehealth'];
/** @param sql of its id */
export const to = (table: string, sql: string): More => ({ to: `'${table}/' || ${sql}` });
/** The list that a count counts. */
export const counts = (table: string, by: string, also: Record<string, string> = {}): More => ({
  lists: { table, by, also },
});
