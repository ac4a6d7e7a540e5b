// Reads of a table of the console: only named columns, each filtered as its type wants it.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { parseDay } from '../lib/dates.ts';
import { isUuid } from '../lib/uuid.ts';
import { columnOf, leadsTo, searchFilter, searchOf, type Column, type Table } from './table.ts';

export type Row = Record<string, unknown>;
/** A text; or, of times, either bound or both. */
export type FilterValue = string | { from?: string; to?: string };
export type Filters = Record<string, FilterValue>;
export interface Order {
  by: string;
  direction: 'asc' | 'desc';
}

/** A filter by what is no column of the table finds nothing: the router has refused it before. */
export function selectRows(db: Queryable, table: Table, filters: Filters): Knex.QueryBuilder {
  const columns = table.columns
    .flatMap(({ name, sql, to }) => [[sql, name] as const, ...(to ? [[to, leadsTo(name)] as const] : [])])
    .map(([sql, name]) => `${sql} as "${name}"`)
    .join(', ');
  const query = db.from(
    db.raw(`(select ${columns}, ${searchOf(table).sql} as "${searchFilter}" from ${table.from}) as r`),
  );
  if (table.textsOfNewest === undefined) return narrowed(query, table, Object.entries(filters));
  const [texts, others] = apart(Object.entries(filters), ([name, value]) => isText(table, name, value));
  void narrowed(query, table, others);
  if (texts.length === 0) return query;
  const newest = query.orderBy('r.id', 'desc').limit(table.textsOfNewest).select('r.*');
  return narrowed(db.from(newest.as('r')), table, texts);
}

function narrowed(
  query: Knex.QueryBuilder,
  table: Table,
  filters: readonly [string, FilterValue][],
): Knex.QueryBuilder {
  for (const [name, value] of filters) {
    const column = columnOf(table, name);
    if (name === searchFilter && typeof value === 'string') narrowToWords(query, value);
    else if (column) narrow(query, column, value);
    else void query.whereRaw('false');
  }
  return query;
}

/** What no index finds: each row has to be read for it. */
function isText(table: Table, name: string, value: FilterValue): boolean {
  const column = columnOf(table, name);
  if (column?.isId && isUuid(value)) return false;
  return name === searchFilter || column?.type === 'string' || column?.type === 'json';
}

function apart<T>(all: readonly T[], is: (one: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((one) => !is(one))];
}

export function inOrder(query: Knex.QueryBuilder, table: Table, order: Order): Knex.QueryBuilder {
  const by = columnOf(table, order.by)?.name ?? table.sort.by;
  const direction = order.direction === 'asc' ? 'asc' : 'desc';
  // No index has its nulls there: whatever a list is sorted by without being asked is never null.
  const nulls = by === table.sort.by || by === table.columns[0]?.name ? '' : 'nulls last';
  return query.orderByRaw(`?? ${direction} ${nulls}, ?? ${direction}`, [`r.${by}`, 'r.id']);
}

/** Beyond it nobody turns pages, and counting on would cost more than the page that is shown. */
const mostCounted = 100_000;

export async function countRows(db: Queryable, table: Table, filters: Filters): Promise<number> {
  const some = selectRows(db, table, filters).select(db.raw('1')).limit(mostCounted);
  const row = (await db.from(some.as('some')).count('* as total').first()) as { total: number } | undefined;
  return row?.total ?? 0;
}

export async function findRow(db: Queryable, table: Table, id: string): Promise<Row | null> {
  // No text in PostgreSQL has that sign: asked for, it is an error.
  if (id.includes('\0')) return null;
  const query = selectRows(db, table, {});
  const idColumn = table.columns[0];
  if (!idColumn) throw new Error(`Table ${table.id} has no columns`);
  if (idColumn.type === 'string') void query.where('r.id', id);
  else narrow(query, idColumn, id);
  const row: Row | undefined = await query.first('r.*');
  return row ?? null;
}

const wholeNumber = /^-?\d{1,15}$/;

function narrow(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const name = `r.${column.name}`;
  if (column.type === 'datetime' || column.type === 'date') return narrowToSpan(query, column, value);
  if (typeof value !== 'string') return void query.whereRaw('false');
  if (column.isId && isUuid(value)) return void query.where(name, value.toLowerCase());
  switch (column.type) {
    case 'id':
      return void (isUuid(value) ? query.where(name, value) : query.whereRaw('false'));
    case 'number':
      // As a bigint, whatever the column is: more digits than it holds find nothing, and its index still serves.
      return void (wholeNumber.test(value.trim())
        ? query.whereRaw('?? = ?::bigint', [name, value.trim()])
        : query.whereRaw('false'));
    case 'boolean':
      return void (value === 'true' || value === 'false'
        ? query.where(name, value === 'true')
        : query.whereRaw('false'));
    case 'enum':
      return void query.whereRaw('??::text = ?', [name, value]);
    case 'json':
    case 'string':
      void query.whereRaw('??::text ilike ?', [name, `%${literally(value)}%`]);
  }
}

/** In any order, each somewhere. */
function narrowToWords(query: Knex.QueryBuilder, text: string): void {
  for (const word of text.normalize('NFC').split(/\s+/).filter(Boolean).slice(0, 10))
    void query.whereRaw('?? ilike ?', [`r.${searchFilter}`, `%${literally(word)}%`]);
}

/** `%` and `_` as typed. */
function literally(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}

function narrowToSpan(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const { from, to } = typeof value === 'string' ? { from: value, to: value } : value;
  const cast = column.type === 'date' ? 'date' : 'timestamptz';
  for (const [sign, text] of [
    ['>=', from],
    ['<=', to],
  ] as const) {
    if (text === undefined || text === '') continue;
    if (column.zone && parseDay(text)) {
      narrowToDay(query, column.name, column.zone, sign, text);
      continue;
    }
    const bound = boundOf(text, column.type === 'date', sign === '<=');
    if (bound) void query.whereRaw(`?? ${sign} ?::${cast}`, [`r.${column.name}`, bound]);
    else void query.whereRaw('false');
  }
}

/** As the day stands in the zone of each row. The first condition is there for the index: no zone is a day from UTC. */
function narrowToDay(
  query: Knex.QueryBuilder,
  name: string,
  zone: string,
  sign: '>=' | '<=',
  day: string,
): void {
  const near = sign === '>=' ? `>= ?::date - interval '1 day'` : `< ?::date + interval '2 days'`;
  void query
    .whereRaw(`?? ${near}`, [`r.${name}`, day])
    .whereRaw(`(?? at time zone ??)::date ${sign} ?::date`, [`r.${name}`, `r.${zone}`, day]);
}

/** A bare day as an upper bound is meant with all its hours. */
function boundOf(text: string, isDate: boolean, isUpper: boolean): string | null {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const instant = new Date(isDay && isUpper && !isDate ? `${text}T23:59:59.999Z` : text);
  const year = instant.getUTCFullYear();
  if (Number.isNaN(instant.getTime()) || year < 1 || year > 9999) return null;
  return isDate ? instant.toISOString().slice(0, 10) : instant.toISOString();
}

/** As the console's lists and records show it. */
export function shownRow(table: Table, row: Row): Row {
  const values: Row = {};
  for (const column of table.columns) {
    values[column.name] = shown(column, row[column.name]);
    if (column.to) values[leadsTo(column.name)] = row[leadsTo(column.name)];
  }
  return values;
}

function shown(column: Column, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (column.type === 'json') return JSON.stringify(value, null, 2);
  return value instanceof Date ? value.toISOString() : value;
}
