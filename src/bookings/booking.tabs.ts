// The tabs of the list: which bookings each shows, and in which order.
import type { Knex } from 'knex';
import type { Viewer } from '../accounts/index.ts';
import { onlyNeeding } from './booking.needs-list.ts';
import type { BookingStatus, Progress } from './booking.ts';

export const listTabs = ['all', 'today', 'upcoming', 'past', 'needs_you'] as const;
/** `all` shows upcoming examinations, soonest first, then past ones, latest first. */
export type ListTab = (typeof listTabs)[number];

export type Direction = 'asc' | 'desc';

/** A part of the list, which shows its sections one after the other. A cursor names the section of its row. */
export interface Section {
  name: 'exact' | 'others' | 'next' | 'past';
  /** In a search, which of the bookings that were found it shows; null outside searches. */
  found: 'exact' | 'others' | null;
  direction: Direction;
  span: 'next' | 'past' | null;
}

/** In a search, bookings that have each word exactly come before all others. */
export function sectionsOf(tab: ListTab | undefined, isSearch: boolean): Section[] {
  const direction = tab === undefined || tab === 'all' || tab === 'past' ? 'desc' : 'asc';
  if (isSearch)
    return (['exact', 'others'] as const).map((name) => ({ name, found: name, direction, span: null }));
  if (tab !== 'all') return [{ name: 'exact', found: null, direction, span: null }];
  return [
    { name: 'next', found: null, direction: 'asc', span: 'next' },
    { name: 'past', found: null, direction: 'desc', span: 'past' },
  ];
}

type Asker = Pick<Viewer, 'userId' | 'role' | 'organization'>;

export interface TabQuery {
  tab?: ListTab | undefined;
  /** Which day is today for the reader, `YYYY-MM-DD`; needed for the tab Today. */
  today?: string | undefined;
  status?: BookingStatus | undefined;
  progress?: Progress | undefined;
}

/** Today and Upcoming leave out examinations that will not take place, unless the query asks for them. */
export function inTab(rows: Knex.QueryBuilder, viewer: Asker, query: TabQuery, now: Date): void {
  const { tab, today, status, progress } = query;
  if (tab === 'past') void rows.where('b.starts_at', '<', now);
  if (tab === 'needs_you') void rows.modify(onlyNeeding, viewer, now);
  if (tab !== 'today' && tab !== 'upcoming') return;
  if (status === undefined && progress === undefined) void rows.where('b.status', 'active');
  if (tab === 'upcoming') void rows.where('b.starts_at', '>=', now);
  else if (today === undefined) throw new Error('The tab Today needs the reader’s day');
  else void rows.modify(onDays, { from: today, to: today });
}

/** Calendar days, inclusive, compared in the examination's own zone. */
export function onDays(
  rows: Knex.QueryBuilder,
  { from, to }: { from?: string | undefined; to?: string | undefined },
): void {
  // An index holds the bookings of each day in the order of the list.
  if (from !== undefined && from === to)
    return void rows.whereRaw('(b.starts_at at time zone b.timezone)::date = ?::date', [from]);
  // The first condition of each pair lets PostgreSQL use the index: no zone is more than a day from UTC.
  if (from !== undefined)
    void rows
      .whereRaw(`b.starts_at >= ?::date - interval '1 day'`, [from])
      .whereRaw('(b.starts_at at time zone b.timezone)::date >= ?::date', [from]);
  if (to !== undefined)
    void rows
      .whereRaw(`b.starts_at < ?::date + interval '2 days'`, [to])
      .whereRaw('(b.starts_at at time zone b.timezone)::date <= ?::date', [to]);
}
