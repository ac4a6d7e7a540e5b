// Addresses of lists with filters.
import type { Filters } from './table.query.ts';

export const listOf = (table: string, filters: Filters): string =>
  `/admin/resources/${table}?${queryOf(filters)}`;

export const queryOf = (filters: Filters): string =>
  queryParts(filters)
    .map((part) => part.join('='))
    .join('&');

/** Filters as AdminJS names them. */
export function queryParts(filters: Filters): [name: string, value: string][] {
  return Object.entries(filters).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[`filters.${name}`, value]]
      : Object.entries(value).map(([bound, text]): [string, string] => [`filters.${name}~~${bound}`, text]),
  );
}
