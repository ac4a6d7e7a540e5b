// How the columns of the console's lists are written down.
import type { Column, ColumnType } from './table.ts';

export type More = Partial<Omit<Column, 'name' | 'type'>>;
export const column = (name: string, type: ColumnType, sql: string, more: More = {}): Column => ({
  ...{ name, type, sql },
  ...more,
});
export const oneOf = (name: string, sql: string, values: readonly string[], more: More = {}): Column =>
  column(name, 'enum', sql, { values, ...more });
export const record: More = { shown: 'record' };
export const health: More = { isHealth: true };
export const types = ['in_person', 'telehealth'];
/** @param sql of its id */
export const to = (table: string, sql: string): More => ({ to: `'${table}/' || ${sql}` });
