// How the columns of the console's lists are written down.
import type { Booking } from '../bookings/index.ts';
import type { Column, ColumnType } from './table.ts';

export type More = Partial<Omit<Column, 'name' | 'type'>>;
export const column = (name: string, type: ColumnType, sql: string, more: More = {}): Column => ({
  name,
  type,
  sql,
  ...more,
});
/** @param words each value with the words it is shown in */
export const oneOf = (name: string, sql: string, words: Record<string, string>, more: More = {}): Column =>
  column(name, 'enum', sql, { words, ...more });
/** Shows codes as they read: `bad_signature` as `Bad signature`. */
export const spelledOut = (codes: readonly string[]): Record<string, string> =>
  Object.fromEntries(codes.map((code) => [code, sentenceCase(code.replaceAll('_', ' '))]));
export const sentenceCase = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
/** For `in (…)`: trusted constants, never input. */
export const sqlList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
export const record: More = { shown: 'record' };
export const health: More = { isHealth: true };
/** For the exact filter behind a link: the names of two may be alike. */
export const link: More = { shown: 'link' };
/** Where a booking was made. */
export const sourceWords: Record<Booking['source'], string> = {
  portal: 'Made here',
  acuity_direct: 'Made in Acuity',
};
/** @param sql of its id */
export const to = (table: string, sql: string): More => ({ to: `'${table}/' || ${sql}` });
/** The list that a count counts. */
export const counts = (table: string, by: string, also: Record<string, string> = {}): More => ({
  lists: { table, by, also },
});
