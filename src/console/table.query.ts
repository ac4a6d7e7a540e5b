// Reads of a table of the console: only named columns, each filtered as its type wants it.
import type { Knex } from 'knex';
import type { Queryable } from '../db/knex.ts';
import { columnOf, leadsTo, type Column, type Table } from './table.ts';

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
  const query = db.from(db.raw(`(select ${columns} from ${table.from}) as r`));
  for (const [name, value] of Object.entries(filters)) {
    const column = columnOf(table, name);
    if (column) narrow(query, column, value);
    else void query.whereRaw('false');
  }
  return query;
}

export function inOrder(query: Knex.QueryBuilder, table: Table, order: Order): Knex.QueryBuilder {
  const by = columnOf(table, order.by)?.name ?? table.sort.by;
  const direction = order.direction === 'asc' ? 'asc' : 'desc';
  return query.orderByRaw(`?? ${direction} nulls last, ?? ${direction}`, [`r.${by}`, 'r.id']);
}

export async function findRow(db: Queryable, table: Table, id: string): Promise<Row | null> {
  const query = selectRows(db, table, {});
  const idColumn = table.columns[0];
  if (!idColumn) throw new Error(`Table ${table.id} has no columns`);
  if (idColumn.type === 'string') void query.where('r.id', id);
  else narrow(query, idColumn, id);
  const row: Row | undefined = await query.first('r.*');
  return row ?? null;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const wholeNumber = /^-?\d{1,15}$/;

function narrow(query: Knex.QueryBuilder, column: Column, value: FilterValue): void {
  const name = `r.${column.name}`;
  if (column.type === 'datetime' || column.type === 'date') return narrowToSpan(query, column, value);
  if (typeof value !== 'string') return void query.whereRaw('false');
  switch (column.type) {
    case 'id':
      return void (uuid.test(value) ? query.where(name, value) : query.whereRaw('false'));
    case 'number':
      return void (wholeNumber.test(value.trim())
        ? query.where(name, Number(value))
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
    const bound = boundOf(text, column.type === 'date', sign === '<=');
    if (bound) void query.whereRaw(`?? ${sign} ?::${cast}`, [`r.${column.name}`, bound]);
    else void query.whereRaw('false');
  }
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
