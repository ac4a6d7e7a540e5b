// Addresses of lists with filters.
import type { Filters } from './table.query.ts';

export const listOf = (table: string, filters: Filters): string =>
  `/admin/resources/${table}?${queryOf(filters)}`;

export function queryOf(filters: Filters): string {
  const query = Object.entries(filters).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [`filters.${name}=${value}`]
      : Object.entries(value).map(([bound, text]) => `filters.${name}~~${bound}=${text}`),
  );
  return query.join('&');
}
