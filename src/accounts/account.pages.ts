// Pages of the lists that admins manage accounts in.
import type { Knex } from 'knex';

const aPage = 50;

export interface Paged<T> {
  items: T[];
  isMore: boolean;
}

/** Selects one row more than the page shows. @param page from 1 */
export function onPage(rows: Knex.QueryBuilder, page: number): void {
  void rows.offset((page - 1) * aPage).limit(aPage + 1);
}

export function pagedOf<T>(found: T[]): Paged<T> {
  return { items: found.slice(0, aPage), isMore: found.length > aPage };
}
