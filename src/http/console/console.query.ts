// Validates the query of a list: filters and order by its own columns, page numbers. Refuses anything else by name.
// Filters of health information arrive sealed (console.list-head.ts); days are in the reader's zone.
import type { Request, Response } from 'express';
import {
  columnOf,
  isSealed,
  mayRead,
  queryParts,
  searchFilter,
  tableOf,
  type Column,
  type Filters,
  type Table,
} from '../../console/index.ts';
import { parseDay, shiftDays, startOfDay } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import { consoleZoneOf } from '../forms/fields.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { badRequest, forbidden, notFound } from '../problem.ts';

const otherParameters = new Set([
  'direction',
  'sortBy',
  'page',
  'perPage',
  'tab',
  'redirectUrl',
  'refresh',
  'ignore_cache',
  // Of a record: which kind of what needs attention it was opened from.
  'next',
]);

/** The list of an address. @throws Problem when there is none, or this role may not read it */
export function tableIn({ params }: Pick<Request, 'params'>, res: Response): Table {
  const table = tableOf(String(params.table));
  const viewer = viewerOf(res);
  if (!table) throw notFound();
  if (!viewer || !mayRead(viewer.role, table)) throw forbidden();
  return table;
}

/** @throws Problem `bad_request` */
export function filtersOf(
  req: Pick<Request, 'query' | 'headers'>,
  res: Response,
  table: Table,
  sealing: SealedSearch,
): Filters {
  const filters: Filters = {};
  const zone = consoleZoneOf(req);
  for (const [key, value] of Object.entries(req.query)) {
    if (typeof value !== 'string') throw badRequest(`Give ${plain(key)} once.`);
    if (!key.startsWith('filters.')) {
      if (!otherParameters.has(key)) throw badRequest(`${plain(key)} is not a parameter of this list.`);
      continue;
    }
    const [name = '', bound, ...rest] = key.slice('filters.'.length).split(/~~|\./);
    const column = columnOf(table, name);
    const isSpan = column?.type === 'datetime' || column?.type === 'date';
    const isBound = bound === 'from' || bound === 'to';
    const isKnown = column !== null || name === searchFilter;
    if (!isKnown || rest.length > 0 || (bound !== undefined && !(isSpan && isBound)))
      throw badRequest(`This list cannot be filtered by ${plain(key)}.`);
    if (value === '') continue;
    const words = isSealed(table, name) ? unsealed(value, name, res, sealing) : value;
    if (words.includes('\0')) throw badRequest(`${plain(name)} contains a character that is not allowed.`);
    const before = filters[name];
    if (isSpan) checkMoment(words, name);
    const span = isBound ? { ...(typeof before === 'object' ? before : {}), [bound]: words } : words;
    filters[name] = column ? inZone(column, span, zone) : span;
  }
  checkOrder(req, table);
  return filters;
}

/** The query for AdminJS, with the filters unsealed and in the reader's zone. */
export function readQuery(req: Request, filters: Filters): Record<string, unknown> {
  const rest = Object.entries(req.query).filter(([key]) => !key.startsWith('filters.'));
  return Object.fromEntries([...rest, ...queryParts(filters)]);
}

function unsealed(value: string, name: string, res: Response, sealing: SealedSearch): string {
  const words = sealing.open(viewerOf(res)?.userId ?? '', value);
  if (words === null)
    throw badRequest(`The filter ${plain(name)} has expired or was made for somebody else. Enter it again.`);
  return words;
}

/** A day means all its hours in the reader's zone. Columns with a zone of their own are compared there (table.query.ts). */
function inZone(column: Column, value: Filters[string], zone: string): Filters[string] {
  if (column.type !== 'datetime') return value;
  const { from, to } = typeof value === 'string' ? { from: value, to: value } : value;
  if (column.zone) return { ...(from && { from }), ...(to && { to }) };
  return { ...(from && { from: instant(from, zone, 0) }), ...(to && { to: instant(to, zone, 1) }) };
}

function instant(text: string, zone: string, daysAfter: 0 | 1): string {
  if (!parseDay(text)) return text;
  const start = startOfDay(daysAfter === 0 ? text : shiftDays(text, 1), zone);
  return new Date(start.getTime() - daysAfter).toISOString();
}

/** A day that is not in the calendar would be read as another one. */
function checkMoment(text: string, name: string): void {
  const [day = '', time] = text.split('T');
  const isTime = time === undefined || /^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(time);
  if (!parseDay(day) || !isTime || Number.isNaN(Date.parse(text)))
    throw badRequest(`${plain(name)} is no day of the calendar: enter one like 2026-12-01.`);
}

function checkOrder({ query }: Pick<Request, 'query'>, table: Table): void {
  const { sortBy, direction, page, perPage } = query;
  const column = typeof sortBy === 'string' ? columnOf(table, sortBy) : null;
  if (sortBy !== undefined && !column) throw badRequest('This list has no such column to sort by.');
  if (direction !== undefined && direction !== 'asc' && direction !== 'desc')
    throw badRequest('direction must be asc or desc.');
  for (const [name, value, most] of [
    ['page', page, 1_000_000],
    ['perPage', perPage, 500],
  ] as const) {
    if (value === undefined) continue;
    const number = typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : 0;
    if (number < 1 || number > most) throw badRequest(`${name} must be a whole number from 1 to ${most}.`);
  }
}

function plain(key: string): string {
  return key.replace(/[^\w.~-]/g, '').slice(0, 60) || 'parameter';
}
