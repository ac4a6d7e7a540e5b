// Reads the console's tables: only their named columns, each filtered by its type.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { parseDay } from '../lib/dates.ts';
import { isUuid } from '../lib/uuid.ts';
import { columnOf, linkKey, searchFilter, searchBoxOf, type Column, type Table } from './table.ts';

export type Row = Record<string, unknown>;
/** Text; for times one bound or both. */
export type FilterValue = string | { from?: string; to?: string };
export type Filters = Record<string, FilterValue>;
export interface Order {
  by: string;
  direction: 'asc' | 'desc';
}

/** A filter that names no column finds nothing; the router has refused it before. */
export function selectRows(db: Queryable, table: Table, filters: Filters): Knex.QueryBuilder {
  const columns = table.columns
    .flatMap(({ name, sql, to }) => [[sql, name] as const, ...(to ? [[to, linkKey(name)] as const] : [])])
    .map(([sql, name]) => `${sql} as "${name}"`)
    .join(', ');
  const query = db.from(
    db.raw(`(select ${columns}, ${searchBoxOf(table).sql} as "${searchFilter}" from ${table.from}) as r`),
  );
  if (table.textSearchLimit === undefined) return applyFilters(query, table, Object.entries(filters));
  const [texts, others] = partition(Object.entries(filters), ([name, value]) =>
    readsEachRow(table, name, value),
  );
  void applyFilters(query, table, others);
  if (texts.length === 0) return query;
  const newest = query.orderBy('r.id', 'desc').limit(table.textSearchLimit).select('r.*');
  return applyFilters(db.from(newest.as('r')), table, texts);
}

function applyFilters(
  query: Knex.QueryBuilder,
  table: Table,
  filters: readonly [string, FilterValue][],
): Knex.QueryBuilder {
  for (const [name, value] of filters) {
    const column = columnOf(table, name);
    if (name === searchFilter && typeof value === 'string') filterByWords(query, value);
    else if (column) applyFilter(query, column, value);
    else void query.whereRaw('false');
  }
  return query;
}

/** No index serves these filters: PostgreSQL reads every row. */
function readsEachRow(table: Table, name: string, value: FilterValue): boolean {
  const column = columnOf(table, name);
  if (column?.isId && isUuid(value)) return false;
  return name === searchFilter || column?.type === 'string' || column?.type === 'json';
}

function partition<T>(all: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [all.filter(is), all.filter((item) => !is(item))];
}

export function orderRows(query: Knex.QueryBuilder, table: Table, order: Order): Knex.QueryBuilder {
  const by = columnOf(table, order.by)?.name ?? table.sort.by;
  const direction = order.direction === 'asc' ? 'asc' : 'desc';
  // The default sort column and the id are never null; `nulls last` would keep their indexes from being used.
  const nulls = by === table.sort.by || by === table.columns[0]?.name ? '' : 'nulls last';
  return query.orderByRaw(`?? ${direction} ${nulls}, ?? ${direction}`, [`r.${by}`, 'r.id']);
}

/** Counting further would cost more than reading the page that is shown. */
const countLimit = 100_000;

export async function countRows(db: Queryable, table: Table, filters: Filters): Promise<number> {
  const rows = selectRows(db, table, filters).select(db.raw('1')).limit(countLimit);
  const row = (await db.from(rows.as('counted')).count('* as total').first()) as
    | { total: number }
    | undefined;
  return row?.total ?? 0;
}

export async function findRow(db: Queryable, table: Table, id: string): Promise<Row | null> {
  // PostgreSQL refuses text with NUL.
  if (id.includes('\0')) return null;
  const query = selectRows(db, table, {});
  const idColumn = table.columns[0];
  if (!idColumn) throw new Error(`Table ${table.id} has no columns`);
  if (idColumn.type === 'string') void query.where('r.id', id);
  else applyFilter(query, idColumn, id);
  const row: Row | undefined = await query.first('r.*');
  return row ?? null;
}

const wholeNumber = /^-?\d{1,15}$/;

function applyFilter(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const name = `r.${column.name}`;
  if (column.type === 'datetime' || column.type === 'date') return filterBySpan(query, column, value);
  if (typeof value !== 'string') return void query.whereRaw('false');
  if (column.isId && isUuid(value)) return void query.where(name, value.toLowerCase());
  switch (column.type) {
    case 'id':
      return void (isUuid(value) ? query.where(name, value) : query.whereRaw('false'));
    case 'number':
      // Cast to bigint: a number too large for the column finds nothing, and the index is still used.
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
      void query.whereRaw('??::text ilike ?', [name, `%${escapeLike(value)}%`]);
  }
}

/** Every word must occur, in any order. */
function filterByWords(query: Knex.QueryBuilder, text: string): void {
  for (const word of text.normalize('NFC').split(/\s+/).filter(Boolean).slice(0, 10))
    void query.whereRaw('?? ilike ?', [`r.${searchFilter}`, `%${escapeLike(word)}%`]);
}

/** Escapes `%`, `_` and the backslash for LIKE. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}

function filterBySpan(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const { from, to } = typeof value === 'string' ? { from: value, to: value } : value;
  const cast = column.type === 'date' ? 'date' : 'timestamptz';
  for (const [sign, text] of [
    ['>=', from],
    ['<=', to],
  ] as const) {
    if (text === undefined || text === '') continue;
    if (column.zone && parseDay(text)) {
      filterByDay(query, column.name, column.zone, sign, text);
      continue;
    }
    const bound = boundOf(text, column.type === 'date', sign === '<=');
    if (bound) void query.whereRaw(`?? ${sign} ?::${cast}`, [`r.${column.name}`, bound]);
    else void query.whereRaw('false');
  }
}

/** Compares days in the zone of each row. The first condition lets the index narrow: no zone is a whole day from UTC. */
function filterByDay(
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

/** A day as the upper bound includes all its hours. */
function boundOf(text: string, isDate: boolean, isUpper: boolean): string | null {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const instant = new Date(isDay && isUpper && !isDate ? `${text}T23:59:59.999Z` : text);
  const year = instant.getUTCFullYear();
  if (Number.isNaN(instant.getTime()) || year < 1 || year > 9999) return null;
  return isDate ? instant.toISOString().slice(0, 10) : instant.toISOString();
}

/** A row as lists, records and exports show it. */
export function shownRow(table: Table, row: Row): Row {
  const values: Row = {};
  for (const column of table.columns) {
    values[column.name] = shownValue(column, row[column.name]);
    if (column.to) values[linkKey(column.name)] = row[linkKey(column.name)];
  }
  return values;
}

function shownValue(column: Column, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (column.type === 'json') return JSON.stringify(value, null, 2);
  return value instanceof Date ? value.toISOString() : value;
}
