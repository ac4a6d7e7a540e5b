// Builders for the console's lists and their columns.
import type { Column, ColumnType, Table, Who } from './table.ts';

type ColumnOptions = Partial<Omit<Column, 'name' | 'type'>>;
export function column(name: string, type: ColumnType, sql: string, more: ColumnOptions = {}): Column {
  return { name, label: labelOf(name, type), type, sql, ...more };
}
/**
 * Columns shown as they are stored: `receivedAt` of `w` is `w.received_at`. An enumeration is given by its codes, or by the
 * words of each.
 * @param alias of their table
 */
export const stored = (
  alias: string,
  types: Record<string, ColumnType | readonly string[] | Readonly<Record<string, string>>>,
  more: ColumnOptions = {},
): Column[] =>
  Object.entries(types).map(([name, kind]) => {
    const sql = `${alias}.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (typeof kind === 'string') return column(name, kind, sql, more);
    const words = (Array.isArray(kind) ? spelledOut(kind) : kind) as Record<string, string>;
    return column(name, 'enum', sql, { words, ...more });
  });
/** Shows codes as words: `bad_signature` as `Bad signature`. */
export const spelledOut = (codes: readonly string[]): Record<string, string> =>
  Object.fromEntries(codes.map((code) => [code, inWords(code)]));
/** The words of an identifier: `receivedAt` as `Received at`. */
function inWords(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll(/[_-]/g, ' ');
  const spelled = words
    .trim()
    .replace('rganiz', 'rganis')
    .replace('email', 'e-mail')
    .replace('timezone', 'time zone');
  return `${spelled.charAt(0).toUpperCase()}${spelled.slice(1)}`;
}
export const recordOnly: ColumnOptions = { shown: 'record' };
export const health: ColumnOptions = { isHealth: true };
/** A column that is not shown. Links filter by it, because two records may have the same name. */
export const filterOnly: ColumnOptions = { shown: 'filter' };
/** @param sql the id of the record linked to */
export const linkTo = (table: string, sql: string): ColumnOptions => ({ to: `'${table}/' || ${sql}` });
/** The name of another list's record, as a link to it. @param alias of that list's table */
export const linked = (name: string, table: string, alias: string, more: ColumnOptions = {}): Column => {
  const title = table === 'bookings' ? 'reference' : 'name';
  return column(name, 'string', `${alias}.${title}`, { ...linkTo(table, `${alias}.id`), ...more });
};
/**
 * `isActive` is called `Active`, `bookingId` `Booking`, and a number of Acuity's `Calendar in Acuity`, unless the column says
 * otherwise.
 */
function labelOf(name: string, type: ColumnType): string {
  const [, ofAcuity] = /^(?:acuity)?([aA]ppointment(?:Type)?|Calendar)Id$/.exec(name) ?? [];
  if (ofAcuity) return `${inWords(ofAcuity)} in Acuity`;
  return inWords(name.replace(type === 'id' ? /Id$/ : /^(is|was)(?=[A-Z])/, ''));
}

/** The search of a list whose words are not stored. A list without text columns has none. */
function searchAll(columns: readonly Column[], limit: number | undefined): Table['searched'] {
  if (!columns.some(({ type }) => type === 'string')) return { hint: null };
  return { hint: limit ? `Search the newest ${limit.toLocaleString('en-AU')}` : 'Search all text columns' };
}

type Derived = 'group' | 'singular' | 'who' | 'label' | 'title' | 'sort' | 'searched';
/** How a list is declared. The id of its records is that of the first table. */
export type List = Omit<Table, 'id' | Derived> & Partial<Pick<Table, Exclude<Derived, 'group'>>>;
/**
 * Makes the lists, by their ids, and fills in what they leave out. A list has its id as its name; a record has the name of
 * the list without the s, and its first column as its title. The newest come first, by the first column of times.
 * @param who reads the lists that do not say it themselves
 */
export const inGroup = (group: Table['group'], who: Who, lists: Record<string, List>): Table[] =>
  Object.entries(lists).map(([id, { columns: own, ...list }]) => {
    const [, alias] = /^\w+ (\w+)/.exec(list.from) ?? [];
    const columns = own[0]?.name === 'id' ? own : [column('id', 'id', `${alias}.id`, recordOnly), ...own];
    const { label = inWords(id) } = list;
    const newest = columns.find(({ type, shown }) => type === 'datetime' && !shown)?.name ?? 'id';
    const sort = { by: newest, direction: 'desc' } as const;
    const title = columns[1]?.name ?? 'id';
    const searched = searchAll(columns, list.textSearchLimit);
    const derived = { group, who, label, singular: label.slice(0, -1), title, sort, searched };
    return { id, ...derived, ...list, columns };
  });
