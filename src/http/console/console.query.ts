// What a list may be asked: its own columns, and numbers that are numbers. Everything else is refused by name.
import type { Request } from 'express';
import { columnOf, type Filters, type Table } from '../../console/index.ts';
import { badRequest } from '../problem.ts';

const others = new Set([
  'direction',
  'sortBy',
  'page',
  'perPage',
  'tab',
  'redirectUrl',
  'refresh',
  'ignore_cache',
]);

/** @throws Problem `bad_request` */
export function filtersOf(req: Request, table: Table): Filters {
  const filters: Filters = {};
  for (const [key, value] of Object.entries(req.query)) {
    if (typeof value !== 'string') throw badRequest(`Give ${plain(key)} once.`);
    if (!key.startsWith('filters.')) {
      if (!others.has(key)) throw badRequest(`${plain(key)} is not a parameter of this list.`);
      continue;
    }
    const [name = '', bound, ...rest] = key.slice('filters.'.length).split(/~~|\./);
    const column = columnOf(table, name);
    const isSpan = column?.type === 'datetime' || column?.type === 'date';
    const isBound = bound === 'from' || bound === 'to';
    if (!column || rest.length > 0 || (bound !== undefined && !(isSpan && isBound)))
      throw badRequest(`This list cannot be filtered by ${plain(key)}.`);
    if (column.isHealth)
      throw badRequest(`${plain(name)} would stand in the address: look for it on /bookings instead.`);
    if (value === '') continue;
    const before = filters[name];
    filters[name] = isBound ? { ...(typeof before === 'object' ? before : {}), [bound]: value } : value;
  }
  checkOrder(req, table);
  return filters;
}

function checkOrder({ query }: Request, table: Table): void {
  const { sortBy, direction, page, perPage } = query;
  const column = typeof sortBy === 'string' ? columnOf(table, sortBy) : null;
  if (sortBy !== undefined && !column) throw badRequest('This list cannot be sorted by that.');
  if (direction !== undefined && direction !== 'asc' && direction !== 'desc')
    throw badRequest('The direction is asc or desc.');
  for (const [name, value, most] of [
    ['page', page, 1_000_000],
    ['perPage', perPage, 500],
  ] as const) {
    if (value === undefined) continue;
    const number = typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : 0;
    if (number < 1 || number > most) throw badRequest(`${name} is a whole number from 1 to ${most}.`);
  }
}

function plain(key: string): string {
  return key.replace(/[^\w.~-]/g, '').slice(0, 60) || 'that';
}
