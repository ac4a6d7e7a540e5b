// Builders for the console's lists and their columns.
import type { Booking } from '../bookings/index.ts';
import type { Column, ColumnType, Table } from './table.ts';

export type ColumnOptions = Partial<Omit<Column, 'name' | 'type'>>;
export const column = (name: string, type: ColumnType, sql: string, more: ColumnOptions = {}): Column => ({
  name,
  type,
  sql,
  ...more,
});
/** @param words each value with the words it is shown in */
export const enumeration = (
  name: string,
  sql: string,
  words: Record<string, string>,
  more: ColumnOptions = {},
): Column => column(name, 'enum', sql, { words, ...more });
/** Shows codes as they read: `bad_signature` as `Bad signature`. */
export const spelledOut = (codes: readonly string[]): Record<string, string> =>
  Object.fromEntries(codes.map((code) => [code, sentenceCase(code.replaceAll('_', ' '))]));
export const sentenceCase = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
/** For `in (…)`: trusted constants, never input. */
export const sqlList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
export const recordOnly: ColumnOptions = { shown: 'record' };
export const health: ColumnOptions = { isHealth: true };
/** Not shown; links filter by it, because two records may have the same name. */
export const filterOnly: ColumnOptions = { shown: 'filter' };
/** For the column with the booking's id. */
export const ofBooking: ColumnOptions = { label: 'Booking', ...filterOnly };
/** Where a booking was made. */
export const sourceWords: Record<Booking['source'], string> = {
  portal: 'Made here',
  acuity_direct: 'Made in Acuity',
};
/** @param sql the id of the record linked to */
export const linkTo = (table: string, sql: string): ColumnOptions => ({ to: `'${table}/' || ${sql}` });
/** What another list's record is called, as a link to it. @param alias of that list's table */
export const linked = (name: string, table: string, alias: string, more: ColumnOptions = {}): Column => {
  const title = table === 'bookings' ? 'reference' : 'name';
  return column(name, 'string', `${alias}.${title}`, { ...linkTo(table, `${alias}.id`), ...more });
};
/** Makes a count a link to the list it counts. */
export const counts = (table: string, by: string, also: Record<string, string> = {}): ColumnOptions => ({
  lists: { table, by, also },
});
/** As people read it: `startsAt` as `Starts at`, unless it says otherwise. */
export const labelOf = ({ name, label }: Pick<Column, 'name' | 'label'>): string =>
  label ?? sentenceCase(name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));

/** As a list is written. A record is called as its list without the s, its id is that of the first table. */
export type List = Omit<Table, 'group' | 'singular' | 'who'> & Partial<Pick<Table, 'singular' | 'who'>>;
/** @param who reads those lists that do not say it themselves */
export const inGroup = (group: Table['group'], who: Table['who'], lists: readonly List[]): Table[] =>
  lists.map(({ columns, ...list }) => {
    const [, alias] = /^\w+ (\w+)/.exec(list.from) ?? [];
    const ids = columns[0]?.name === 'id' ? [] : [column('id', 'id', `${alias}.id`, recordOnly)];
    return { group, who, singular: list.label.slice(0, -1), ...list, columns: [...ids, ...columns] };
  });
