// Reads the console's tables: only their named columns, each filtered by its type.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { foundIds, readSearch, whereOwn, type Search as Found, type SearchPart } from '../db/search.ts';
import { parseDay } from '../lib/dates.ts';
import { isUuid } from '../lib/uuid.ts';
import { columnOf, linkKey, searchBoxOf, searchFilter, textOf, type Column, type Table } from './table.ts';

export type Row = Record<string, unknown>;
/** Text; for times one bound or both. */
export type FilterValue = string | { from?: string; to?: string };
export type Filters = Record<string, FilterValue>;
export interface Order {
  by: string;
  direction: 'asc' | 'desc';
}

/**
 * A filter that names no column finds nothing; the router has refused it before. The search box's words are no filter
 * here: `search` has them.
 */
export function selectRows(
  db: Queryable,
  table: Table,
  filters: Filters,
  search: Search | null = null,
): Knex.QueryBuilder {
  const columns = table.columns
    .flatMap(({ name, sql, to }) => [[sql, name] as const, ...(to ? [[to, linkKey(name)] as const] : [])])
    .map(([sql, name]) => `${sql} as "${name}"`);
  if (search && !searchBoxOf(table).words) columns.push(`${textOf(table)} as "${searchFilter}"`);
  const query = db.from(db.raw(`(select ${columns.join(', ')} from ${table.from}) as r`));
  const asked = Object.entries(filters).filter(([name]) => name !== searchFilter);
  const isSlow = ([name, value]: [string, FilterValue]) =>
    table.textSearchLimit !== undefined && readsEachRow(table, name, value);
  const [texts, others] = [asked.filter(isSlow), asked.filter((one) => !isSlow(one))];
  applyFilters(query, table, others);
  if (texts.length === 0 && !search) return query;
  const newest = table.textSearchLimit && query.orderBy('r.id', 'desc').limit(table.textSearchLimit);
  const found = newest ? db.from(newest.select('r.*').as('r')) : query;
  applyFilters(found, table, texts);
  if (search) applySearch(db, found, table, search);
  return found;
}

/** The words of the search box, and which of what they find: rows that have exactly these words, the others, or both. */
export interface Search {
  found: Found;
  part: SearchPart;
  /** How many of the newest are found; null: all. */
  limit: number | null;
}

/** Null: nobody searches. */
export async function searchOf(
  db: Queryable,
  filters: Filters,
  limit: number | null,
): Promise<Search | null> {
  const typed = filters[searchFilter];
  return typeof typed === 'string' ? { found: await readSearch(db, typed), part: 'all', limit } : null;
}

function applySearch(
  db: Queryable,
  query: Knex.QueryBuilder,
  table: Table,
  { found, part, limit }: Search,
): void {
  const { words } = searchBoxOf(table);
  if (words) void query.whereIn('r.id', foundIds(db, words, found, part, limit));
  else if (found.words.length === 0) void query.whereRaw('false');
  else whereOwn(query, { words: `r."${searchFilter}"` }, found.words);
}

function applyFilters(
  query: Knex.QueryBuilder,
  table: Table,
  filters: readonly [string, FilterValue][],
): void {
  for (const [name, value] of filters) {
    const column = columnOf(table, name);
    if (column) applyFilter(query, column, value);
    else void query.whereRaw('false');
  }
}

/** No index serves these filters: PostgreSQL reads every row. */
function readsEachRow(table: Table, name: string, value: FilterValue): boolean {
  const column = columnOf(table, name);
  if (column?.isId && isUuid(value)) return false;
  return column?.type === 'string' || column?.type === 'json';
}

export function orderRows(query: Knex.QueryBuilder, table: Table, order: Order): Knex.QueryBuilder {
  const by = columnOf(table, order.by)?.name ?? table.sort.by;
  const direction = order.direction === 'asc' ? 'asc' : 'desc';
  // The default sort column and the id are never null; `nulls last` would keep their indexes from being used.
  const nulls = by === table.sort.by || by === table.columns[0]?.name ? '' : 'nulls last';
  return query.orderByRaw(`?? ${direction} ${nulls}, ?? ${direction}`, [`r.${by}`, 'r.id']);
}

interface Page {
  order: Order;
  offset: number;
  limit: number;
}

export interface FoundPage {
  rows: Row[];
  /** Of all pages, where reading this one has told it; null: `countRows` tells. */
  total: number | null;
}

/** Of a search, rows that have exactly its words come first. */
export async function findRows(
  db: Queryable,
  table: Table,
  filters: Filters,
  { order, offset, limit }: Page,
): Promise<FoundPage> {
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

function isRanked(table: Table, search: Search | null): search is Search {
  return search !== null && searchBoxOf(table).words?.lexemes !== undefined;
}

/**
 * Everything that a search finds: it is little, and its count is the list's. What the rows show is read for one page only.
 */
async function rankedIds(
  db: Queryable,
  table: Table,
  filters: Filters,
  search: Search,
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
  const keys = [...new Set([by, 'id'])];
  const casts = keys.map((name) => keyTypes[columnOf(table, name)?.type ?? 'string']);
  let last: unknown[] | null = null;
  for (;;) {
    const query = orderRows(selectRows(db, table, filters, search), table, table.sort)
      // As text: a Date has no microseconds.
      .select('r.*', ...keys.map((name, at) => db.raw('??::text as ??', [`r.${name}`, `key ${at}`])))
      .limit(limit);
    if (last) {
      const columns = keys.map((name) => `r."${name}"`).join(', ');
      const after = casts.map((cast) => `?::text::${cast}`).join(', ');
      void query.whereRaw(`(${columns}) ${direction === 'asc' ? '>' : '<'} (${after})`, last as string[]);
    }
    const rows = (await query) as Row[];
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    last = keys.map((_, at) => rows.at(-1)?.[`key ${at}`]);
  }
}

const keyTypes: Record<Column['type'], string> = {
  string: 'text',
  enum: 'text',
  json: 'text',
  number: 'bigint',
  datetime: 'timestamptz',
  date: 'date',
  boolean: 'boolean',
  id: 'uuid',
};

/** Counting further would cost more than reading the page that is shown. */
const countLimit = 1_000;
/** How many of the newest rows a search finds. */
const searchLimit = 100;

export async function countRows(db: Queryable, table: Table, filters: Filters): Promise<number> {
  const search = await searchOf(db, filters, searchLimit);
  if (isRanked(table, search)) return (await rankedIds(db, table, filters, search, table.sort)).length;
  // In the list's order: an index then serves the count as it serves the list.
  const rows = orderRows(selectRows(db, table, filters, search), table, table.sort);
  const counted = rows.select(db.raw('1')).limit(countLimit);
  const row = await db.from(counted.as('counted')).count('* as total').first<{ total: number } | undefined>();
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

/** Escapes `%`, `_` and the backslash for LIKE. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
}

function filterBySpan(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const { from, to } = typeof value === 'string' ? { from: value, to: value } : value;
  const cast = column.type === 'date' ? 'date' : 'timestamptz';
  if (column.zone && from !== undefined && from === to && parseDay(from))
    return void query.whereRaw(`${dayOf} = ?::date`, [`r.${column.name}`, `r.${column.zone}`, from]);
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

/** In the zone of the row; of bookings an index has it, in the order of their list. */
const dayOf = '(?? at time zone ??)::date';

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
    .whereRaw(`${dayOf} ${sign} ?::date`, [`r.${name}`, `r.${zone}`, day]);
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
