// Addresses of lists with filters.
import type { Filters } from './table.query.ts';

export const listOf = (table: string, filters: Filters): string =>
  `/admin/resources/${table}?${queryOf(filters)}`;

/** Filters as AdminJS names them. */
export const queryOf = (filters: Filters): string =>
  Object.entries(filters)
    .flatMap(([name, value]) =>
      typeof value === 'string'
        ? `filters.${name}=${value}`
        : Object.entries(value).map(([bound, text]) => `filters.${name}~~${bound}=${text}`),
    )
    .join('&');
