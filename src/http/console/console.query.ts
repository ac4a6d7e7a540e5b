// Validates the query of a list: filters and order by its own columns, page numbers. Refuses anything else by name.
// Filters of health information arrive sealed (console.list-head.ts); days are in the reader's zone.
import type { Request, Response } from 'express';
import {
  columnOf,
  isSealed,
  searchFilter,
  type Column,
  type Filters,
  type Table,
} from '../../console/index.ts';
import { parseDay, shiftDays, startOfDay } from '../../lib/dates.ts';
import { actorOf, viewerOf } from '../actor.ts';
import { pageZoneOf } from '../forms/fields.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { badRequest } from '../problem.ts';
import { enforce, listRules } from './console.gate.ts';

const otherParameters = new Set([
  'direction',
  'sortBy',
  'page',
  'perPage',
  'tab',
  'redirectUrl',
  'refresh',
  'ignore_cache',
  // For a record: the list of what needs attention from which it was opened.
  'next',
]);

/** The list that an address names. @throws Problem when there is none, or this role may not read it */
export function tableIn(req: Request, res: Response): Table {
  return enforce(listRules(actorOf(req, res).viewer, String(req.params.table)));
}

/** @throws Problem `bad_request` */
export function filtersOf(
  req: Pick<Request, 'query' | 'headers'>,
  res: Response,
  table: Table,
  sealing: SealedSearch,
): Filters {
  const filters: Filters = {};
  const zone = pageZoneOf(req);
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
    if (!isSpan) filters[name] = words;
    else {
      const [from, to] = [momentOf(column, words, zone, 0), momentOf(column, words, zone, 1)];
      const before = filters[name] as { from?: string; to?: string } | undefined;
      filters[name] = { ...before, ...(bound !== 'to' && { from }), ...(bound !== 'from' && { to }) };
    }
  }
  checkOrder(req.query as Record<string, string>, table);
  return filters;
}

function unsealed(value: string, name: string, res: Response, sealing: SealedSearch): string {
  const words = sealing.open(viewerOf(res)?.userId ?? '', value);
  if (words === null)
    throw badRequest(`The filter ${plain(name)} has expired or was made for somebody else. Enter it again.`);
  return words;
}

/**
 * A day means all its hours in the reader's zone. A column with a zone of its own is compared there (table.query.ts). A day
 * that is not in the calendar would be read as another one.
 */
function momentOf(column: Column, text: string, zone: string, daysAfter: 0 | 1): string {
  const [day = '', time] = text.split('T');
  const isTime = time === undefined || /^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(time);
  if (!parseDay(day) || !isTime || Number.isNaN(Date.parse(text)))
    throw badRequest(`${plain(column.name)} is no day of the calendar: enter one like 2026-12-01.`);
  if (column.type === 'date' || column.zone || time !== undefined) return text;
  return new Date(startOfDay(shiftDays(day, daysAfter), zone).getTime() - daysAfter).toISOString();
}

function checkOrder(query: Record<string, string | undefined>, table: Table): void {
  const { sortBy, direction } = query;
  if (sortBy !== undefined && !columnOf(table, sortBy))
    throw badRequest('This list has no such column to sort by.');
  if (direction !== undefined && direction !== 'asc' && direction !== 'desc')
    throw badRequest('direction must be asc or desc.');
  for (const [name, most] of Object.entries({ page: 1_000_000, perPage: 500 })) {
    const text = query[name] ?? '1';
    if (!/^\d{1,7}$/.test(text) || Number(text) < 1 || Number(text) > most)
      throw badRequest(`${name} must be a whole number from 1 to ${most}.`);
  }
}

function plain(key: string): string {
  return key.replace(/[^\w.~-]/g, '').slice(0, 60) || 'parameter';
}
