// The query of the list's address, as the list's links contain it.
import { detailFilters, type DetailFilterName } from '../../../bookings/index.ts';
import type { BookingFilter } from '../../forms/booking-filter.ts';

export type LinkQuery = Record<string, string | null | undefined>;

/** Filters that links contain unencrypted. */
type FilterName = Exclude<
  keyof BookingFilter,
  'find' | 'q' | 'cursor' | 'limit' | 'tab' | 'view' | 'month' | 'day'
>;

export function filterNames(): FilterName[] {
  const named = detailFilters().map(({ name }) => name as DetailFilterName);
  return ['status', 'progress', 'specialistId', ...named, 'from', 'to'];
}

/** The filters for links, without the search words. */
export function filterQuery(filter: BookingFilter): Pick<BookingFilter, FilterName> {
  return Object.fromEntries(filterNames().map((name) => [name, filter[name]]));
}

/** The view and its days, for links. */
export function placeQuery({ view, month, day }: BookingFilter): LinkQuery {
  return view === undefined || view === 'list' ? {} : { view, month, day };
}

export function tabQuery({ tab }: BookingFilter): string | undefined {
  return tab === 'all' ? undefined : tab;
}

export function given(query: LinkQuery): [string, string][] {
  return Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
}
