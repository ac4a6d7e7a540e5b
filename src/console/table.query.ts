// Reads the console's tables: only their named columns, each filtered by its type.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { escapeLike, foundIds, readSearch, whereOwn, type Search, type SearchPart } from '../db/search.ts';
import { parseDay } from '../lib/dates.ts';
import { isUuid } from '../lib/uuid.ts';
import { narrowed } from './table.narrowed.ts';
import { columnOf, linkKey, searchFilter, textOf, type Column, type Table } from './table.ts';

export type Row = Record<string, unknown>;
/** A text; for times one bound or both. */
export type FilterValue = string | { from?: string; to?: string };
export type Filters = Record<string, FilterValue>;
type Order = Table['sort'];

/**
 * A filter that names no column finds nothing; the router refuses it before. The words of the search box are not among the
 * filters, but in `search`.
 */
export function selectRows(
  db: Queryable,
  table: Table,
  filters: Filters,
  search: ListSearch | null = null,
): Knex.QueryBuilder {
  const columns = table.columns.map(({ name, sql }) => `${sql} as "${name}"`);
  for (const { name, to } of table.columns) if (to) columns.push(`${to} as "${linkKey(name)}"`);
  if (search && !table.searched.words) columns.push(`${textOf(table)} as "${searchFilter}"`);
  const query = db.from(db.raw(`(select ${columns.join(', ')} from ${table.from}) as r`));
  const asked = Object.entries(filters)
    .filter(([name]) => name !== searchFilter)
    .map(([name, value]) => ({ column: columnOf(table, name), value }));
  const { texts = [], others = [] } = Object.groupBy(asked, ({ column, value }) =>
    readsEachRow(column, value) ? 'texts' : 'others',
  );
  for (const { column, value } of others) applyFilter(query, column, value);
  const newest =
    table.textSearchLimit && (search || texts.length > 0)
      ? query.orderBy('r.id', 'desc').limit(table.textSearchLimit)
      : null;
  const found = newest ? db.from(newest.select('r.*').as('r')) : query;
  for (const { column, value } of texts) applyFilter(found, column, value);
  if (search) applySearch(db, found, table, search);
  return found;
}

/** The words of the search box, and which of the found rows: those with exactly these words, the others, or both. */
export interface ListSearch {
  found: Search;
  part: SearchPart;
  /** Only this many of the newest rows are found; null: all. */
  limit: number | null;
}

/** Null when nobody searches. */
export async function searchOf(
  db: Queryable,
  filters: Filters,
  limit: number | null,
): Promise<ListSearch | null> {
  const typed = filters[searchFilter];
  return typeof typed === 'string' ? { found: await readSearch(db, typed), part: 'all', limit } : null;
}

function applySearch(
  db: Queryable,
  query: Knex.QueryBuilder,
  table: Table,
  { found, part, limit }: ListSearch,
): void {
  const { words } = table.searched;
  if (words) void query.whereIn('r.id', foundIds(db, words, found, part, limit));
  else if (found.words.length === 0) void query.whereRaw('false');
  else whereOwn(query, { words: `r."${searchFilter}"` }, found.words);
}

/** Whether a filter is one that no index serves, so that PostgreSQL reads every row. */
function readsEachRow(column: Column | null, value: FilterValue): boolean {
  return (column?.type === 'string' || column?.type === 'json') && !(column.isId && isUuid(value));
}

export function orderRows(query: Knex.QueryBuilder, table: Table, order: Order): Knex.QueryBuilder {
  const by = columnOf(table, order.by)?.name ?? table.sort.by;
  const direction = order.direction === 'asc' ? 'asc' : 'desc';
  const keys = keysOf(table, by);
  // The columns of the default sort and the id are never null; `nulls last` would keep their indexes from being used.
  const isNullable = (name: string) => !keysOf(table, table.sort.by).includes(name);
  const terms = keys.map((name) => `?? ${direction} ${isNullable(name) ? 'nulls last' : ''}`);
  return query.orderByRaw(terms.join(', '), keys.map(inRow));
}

const inRow = (name: string): string => `r.${name}`;

/** The columns that rows are sorted by, ending with the id, so that the order is always the same. */
function keysOf({ sort }: Table, by: string): string[] {
  return [...new Set([by, ...(by === sort.by && sort.then ? [sort.then] : []), 'id'])];
}

/**
 * In a search, rows that have exactly its words come first.
 * @returns `total`: the number of rows of all pages, if reading this page has found it; null: use `countRows`
 */
export async function findRows(
  db: Queryable,
  table: Table,
  filters: Filters,
  { order, offset, limit }: { order: Order; offset: number; limit: number },
): Promise<{ rows: Row[]; total: number | null }> {
  const search = await searchOf(db, filters, searchLimit);
  if (!isRanked(table, search)) {
    const query = orderRows(selectRows(db, table, filters, search), table, order);
    return { rows: (await query.select('r.*').limit(limit).offset(offset)) as Row[], total: null };
  }
  const ids = await rankedIds(db, table, filters, search, order);
  const shown = ids.slice(offset, offset + limit);
  const rows = (await selectRows(db, table, {}).whereIn('r.id', shown).select('r.*')) as Row[];
  const byId = new Map<unknown, Row>(rows.map((row) => [row.id, row]));
  return { rows: shown.map((id) => byId.get(id)).filter((row) => row !== undefined), total: ids.length };
}

function isRanked(table: Table, search: ListSearch | null): search is ListSearch {
  return search !== null && table.searched.words?.lexemes !== undefined;
}

/**
 * Finds all rows of a search: they are few, and their number is the list's count. Columns are read only for one page.
 */
async function rankedIds(
  db: Queryable,
  table: Table,
  filters: Filters,
  search: ListSearch,
  order: Order,
): Promise<string[]> {
  const read = async (part: SearchPart): Promise<string[]> => {
    const rows = selectRows(db, table, filters, { ...search, part });
    return (await orderRows(rows, table, order).pluck('r.id')) as string[];
  };
  const exact = await read('exact');
  return exact.length >= searchLimit ? exact : [...exact, ...(await read('others'))];
}

/** All rows in the list's order, page by page: each begins after the last row of the one before. */
export async function* pagesOf(
  db: Queryable,
  table: Table,
  filters: Filters,
  limit: number,
): AsyncGenerator<Row[]> {
  const search = await searchOf(db, filters, null);
  const { by, direction } = table.sort;
  const keys = keysOf(table, by);
  const listed = (sign: string): string => keys.map(() => sign).join(', ');
  let last: string[] | null = null;
  for (;;) {
    const query = orderRows(selectRows(db, table, filters, search), table, table.sort)
      // As text: a Date has no microseconds.
      .select('r.*', ...keys.map((name, at) => db.raw('??::text as ??', [`r.${name}`, `key ${at}`])))
      .limit(limit);
    if (last) {
      const after = `(${listed('??')}) ${direction === 'asc' ? '>' : '<'} (${listed('?')})`;
      void query.whereRaw(after, [...keys.map(inRow), ...last]);
    }
    const rows = (await query) as Row[];
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    last = keys.map((_, at) => rows.at(-1)?.[`key ${at}`] as string);
  }
}

/** Counting further would cost more than reading the page that is shown. */
const countLimit = 1_000;
/** A search finds at most this many of the newest rows. */
const searchLimit = 100;

export async function countRows(db: Queryable, table: Table, filters: Filters): Promise<number> {
  const search = await searchOf(db, filters, searchLimit);
  if (isRanked(table, search)) return (await rankedIds(db, table, filters, search, table.sort)).length;
  const isTextRead = search !== null && !table.searched.words;
  const names = [...keysOf(table, table.sort.by), ...Object.keys(filters)];
  const read = isTextRead ? table : narrowed(table, names);
  // Counts in the list's order, so that the index that serves the list also serves the count.
  const rows = orderRows(selectRows(db, read, filters, search), read, read.sort);
  const counted = rows.select(db.raw('1')).limit(countLimit);
  const row = await db.from(counted.as('counted')).count('* as total').first<{ total: number } | undefined>();
  return row?.total ?? 0;
}

export async function findRow(db: Queryable, table: Table, id: string): Promise<Row | null> {
  // PostgreSQL refuses text with NUL.
  if (id.includes('\0')) return null;
  const query = selectRows(db, table, {});
  if (columnOf(table, 'id')?.type === 'string') void query.where('r.id', id);
  else applyFilter(query, columnOf(table, 'id'), id);
  const row: Row | undefined = await query.first('r.*');
  return row ?? null;
}

const wholeNumber = /^-?\d{1,15}$/;

function applyFilter(query: Knex.QueryBuilder, column: Column | null, value: FilterValue): void {
  if (column?.type === 'datetime' || column?.type === 'date') return filterBySpan(query, column, value);
  const condition = column && typeof value === 'string' ? conditionOf(column, value) : null;
  if (column && condition) void query.whereRaw(condition.sql, [`r.${column.name}`, condition.value]);
  else void query.whereRaw('false');
}

/** Null when no row can meet the filter. */
function conditionOf({ type, isId }: Column, value: string): { sql: string; value: string | boolean } | null {
  if (isId && isUuid(value)) return { sql: '?? = ?', value: value.toLowerCase() };
  if (type === 'id') return isUuid(value) ? { sql: '?? = ?', value } : null;
  if (type === 'number') {
    // Cast to bigint: a number too large for the column finds nothing, and the index is still used.
    return wholeNumber.test(value.trim()) ? { sql: '?? = ?::bigint', value: value.trim() } : null;
  }
  if (type === 'boolean')
    return value === 'true' || value === 'false' ? { sql: '?? = ?', value: value === 'true' } : null;
  if (type === 'enum') return { sql: '??::text = ?', value };
  return { sql: '??::text ilike ?', value: `%${escapeLike(value)}%` };
}

function filterBySpan(query: Knex.QueryBuilder, { name, zone }: Column, value: FilterValue): void {
  const { from, to } = typeof value === 'string' ? { from: value, to: value } : value;
  if (zone && from !== undefined && from === to && parseDay(from))
    return void query.whereRaw(`${dayOf} = ?::date`, [`r.${name}`, `r.${zone}`, from]);
  for (const [sign, text] of Object.entries({ '>=': from, '<=': to })) {
    if (!text) continue;
    const instant = instantOf(text);
    if (zone && parseDay(text)) filterByDay(query, name, zone, sign, text);
    else if (instant) void query.where(`r.${name}`, sign, instant);
    else void query.whereRaw('false');
  }
}

/** The day in the zone of the row. For bookings an index has it, in the order of their list. */
const dayOf = '(?? at time zone ??)::date';

/** Compares days in the zone of each row. The first condition lets the index narrow: no zone is a whole day from UTC. */
function filterByDay(query: Knex.QueryBuilder, name: string, zone: string, sign: string, day: string): void {
  const near = sign === '>=' ? `>= ?::date - interval '1 day'` : `< ?::date + interval '2 days'`;
  void query
    .whereRaw(`?? ${near}`, [`r.${name}`, day])
    .whereRaw(`${dayOf} ${sign} ?::date`, [`r.${name}`, `r.${zone}`, day]);
}

/** Null for a year that PostgreSQL does not read, or no time at all. */
function instantOf(text: string): string | null {
  const instant = new Date(text);
  const year = instant.getUTCFullYear();
  return year >= 1 && year <= 9999 ? instant.toISOString() : null;
}

/** A row as lists, records and exports show it. */
export function shownRow({ columns }: Table, row: Row): Row {
  const keys = columns.flatMap(({ name, to }) => (to ? [name, linkKey(name)] : [name]));
  return Object.fromEntries(keys.map((key) => [key, shownValue(row[key])]));
}

function shownValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : (value ?? null);
}
