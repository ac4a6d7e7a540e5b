import type { Request, Response } from 'express';
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import {
  defaultPageSize,
  type Booking,
  type ListedBooking,
  type ListFacts,
} from '../../../bookings/index.ts';
import { dayIn } from '../../../lib/dates.ts';
import { isReference } from '../../../lib/reference.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { bookingFilterSchema, searchWords, type BookingFilter } from '../../forms/booking-filter.ts';
import { fieldErrors, pageZoneOf, rawField, typed } from '../../forms/fields.ts';
import { createSealedSearch, type SealedSearch } from '../../forms/sealed-search.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { calendarOf, type BookingCalendar, type CalendarView } from './booking-calendar.ts';
import { chipsOf, selectsOf, type FilterChip, type FilterSelect } from './list-filters.ts';
import { filterNames, filterQuery, given, placeQuery, tabQuery, type LinkQuery } from './list-query.ts';
import { listRow, type ListRow } from './list-rows.ts';
import { tablePage } from './table.page.ts';
import { tabsOf, viewsOf, type ListLink } from './list-tabs.ts';

export interface BookingListPage extends PageData {
  tabs: ListLink[];
  views: ListLink[];
  tab: BookingFilter['tab'];
  /** The notice after a change that was started from the list. */
  notice: { text: string; href: string } | null;
  rows: ListRow[];
  /** The index of the first past examination, in a list that continues with past ones; null in other lists. */
  firstPast: number | null;
  calendar: BookingCalendar<ListRow> | null;
  /** The list's first page. */
  listHref: string;
  nextHref: string | null;
  isLaterPage: boolean;
  /** As typed. */
  values: Record<string, string>;
  selects: FilterSelect[];
  chips: FilterChip[];
  /** The list without filters. */
  allHref: string;
  isFiltered: boolean;
  searchAction: string;
  /** The list as a table to save; null for staff, who export from the console. */
  tableHref: string | null;
  /** What a new search keeps, and what a new filter keeps, as hidden fields. */
  keptBySearch: [string, string][];
  keptByFilter: [string, string][];
}

type Needs = Pick<PageServices, 'bookingList' | 'specialists' | 'clock' | 'config'>;

export function bookingListPages(services: Needs): PageRoute[] {
  const sealed = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'get',
      path: '/bookings',
      access: 'session',
      handle: (req, res) => showList(services, sealed, req, res),
    },
    {
      method: 'post',
      path: '/bookings/search',
      access: 'session',
      handle: (req, res) => search(sealed, req, res),
    },
    tablePage(services, sealed),
  ];
}

/** The words arrive by POST and are encrypted in the next URL. A search looks through all tabs. */
function search(sealed: SealedSearch, req: Request, res: Response): void {
  const { viewer } = actorOf(req, res);
  const words = parse(searchWords, rawField(req.body, 'q') ?? '');
  const kept = bookingFilterSchema.safeParse(req.body);
  const filter = kept.success ? { ...placeQuery(kept.data), ...filterQuery(kept.data) } : {};
  const find = words ? sealed.seal(viewer.userId, words.trim()) : null;
  res.redirect(303, withQuery(paths.bookings(), { ...filter, find }));
}

async function showList(services: Needs, sealed: SealedSearch, req: Request, res: Response): Promise<void> {
  const { viewer } = actorOf(req, res);
  const parsed = bookingFilterSchema.safeParse(req.query);
  if (!parsed.success) {
    const page = await emptyPage(services, req.query);
    return res
      .status(422)
      .render('bookings/list', { ...page, errors: fieldErrors(parsed.error) } satisfies BookingListPage);
  }
  const filter = parsed.data;
  const query = { tab: tabQuery(filter), ...placeQuery(filter), ...filterQuery(filter) };
  // The words came by a link or a bookmark. Redirects to an address that has them encrypted, for the browser's history.
  if (filter.q) {
    const find = sealed.seal(viewer.userId, filter.q);
    return res.redirect(303, withQuery(paths.bookings(), { ...query, find }));
  }
  const words = (filter.find && sealed.open(viewer.userId, filter.find)) || null;
  // The search was encrypted for another person or with an old secret, or the viewer does not have this tab.
  if ((filter.find && words === null) || (filter.tab === 'needs_you' && isStaff(viewer)))
    return res.redirect(303, withQuery(paths.bookings(), { ...query, tab: null }));

  // Encrypts the words again, so that after a change of the secret no link needs the earlier one for long.
  const find = words ? sealed.seal(viewer.userId, words) : null;
  const now = services.clock.now();
  const today = dayIn(now, pageZoneOf(req));
  const shown: Shown = { viewer, filter, words, query: { ...query, find }, now, today };
  const page =
    filter.view === undefined || filter.view === 'list'
      ? await listPage(services, shown)
      : await calendarPage(services, shown, filter.view);
  if (page === 'bad_cursor') return res.redirect(303, withQuery(paths.bookings(), shown.query));
  res.render('bookings/list', { ...page, notice: noticeOf(req.query) } satisfies BookingListPage);
}

interface Shown {
  viewer: Viewer;
  filter: BookingFilter;
  words: string | null;
  /** The query of the list's address, without the cursor. */
  query: LinkQuery;
  now: Date;
  today: string;
}

async function listPage(services: Needs, shown: Shown): Promise<BookingListPage | 'bad_cursor'> {
  const { viewer, filter, words, query, now, today } = shown;
  const { cursor, limit, tab = 'all' } = filter;
  const found = await services.bookingList.pageWithFacts(viewer, {
    ...filterQuery(filter),
    q: words ?? undefined,
    tab,
    today,
    cursor,
    limit,
  });
  if (found === 'bad_cursor') return 'bad_cursor';
  const { bookings, nextCursor, facts } = found;
  const size = { limit: limit === defaultPageSize ? null : String(limit) };
  const here = withQuery(paths.bookings(), { ...query, ...size, cursor });
  const goesOn = tab === 'all' && words === null;
  return {
    ...(await framePage(services, shown, facts)),
    rows: bookings.map((booking) => listRow(booking, { viewer, now, needs: facts.needs, list: here })),
    firstPast: goesOn ? firstBefore(bookings, now) : null,
    nextHref: nextCursor && withQuery(paths.bookings(), { ...query, ...size, cursor: nextCursor }),
    isLaterPage: cursor !== undefined,
  };
}

function firstBefore(bookings: ListedBooking[], now: Date): number | null {
  const index = bookings.findIndex(({ startsAt }) => startsAt < now);
  return index < 0 ? null : index;
}

/** A filter by days replaces the tabs Today, Upcoming and Past. */
async function calendarPage(services: Needs, shown: Shown, view: CalendarView): Promise<BookingListPage> {
  const { viewer, filter, words, query, now, today } = shown;
  const here = withQuery(paths.bookings(), query);
  const tab = filter.tab === 'needs_you' ? filter.tab : undefined;
  let facts: ListFacts | null = null;
  const calendar = await calendarOf<ListRow>(services.bookingList, viewer, {
    place: { view, month: filter.month, day: filter.day },
    filters: { ...filterQuery(filter), q: words ?? undefined, ...(tab && { tab }) },
    today,
    href: (place) => withQuery(paths.bookings(), { ...query, month: null, day: null, view: null, ...place }),
    async rowsOf(bookings) {
      const { needs } = (facts = await services.bookingList.facts(viewer, today, idsOf(bookings)));
      return bookings.map((booking) => listRow(booking, { viewer, now, needs, list: here }));
    },
  });
  facts ??= await services.bookingList.facts(viewer, today, []);
  return { ...(await framePage(services, shown, facts)), calendar };
}

function idsOf(bookings: Booking[]): string[] {
  return bookings.map(({ id }) => id);
}

/** Everything on the page except the rows. */
async function framePage(services: Needs, shown: Shown, facts: ListFacts): Promise<BookingListPage> {
  const { viewer, filter, words, query } = shown;
  const specialists = await services.specialists.listActive();
  const place = placeQuery(filter);
  const isFiltered = Object.values(filterQuery(filter)).some(Boolean);
  const href = (changed: LinkQuery) => withQuery(paths.bookings(), { ...query, ...changed });
  return {
    ...blankPage(),
    tabs: tabsOf({
      filter,
      hasNeeds: !isStaff(viewer),
      counts: isFiltered || words ? null : facts.counts,
      href,
    }),
    views: viewsOf({ filter, href }),
    tab: filter.tab,
    listHref: withQuery(paths.bookings(), query),
    values: valuesOf(filter, words),
    selects: selectsOf(specialists),
    chips: chipsOf(filterQuery(filter), words, specialists, href),
    allHref: withQuery(paths.bookings(), { tab: query.tab, ...place }),
    isFiltered,
    tableHref: isStaff(viewer)
      ? null
      : withQuery(paths.bookingsTable(), { ...query, view: null, month: null, day: null }),
    keptBySearch: given({ ...place, ...filterQuery(filter) }),
    keptByFilter: given({ tab: query.tab, ...place, find: query.find }),
  };
}

function blankPage(): BookingListPage {
  return {
    title: 'Bookings',
    tabs: [],
    views: [],
    tab: undefined,
    notice: null,
    rows: [],
    firstPast: null,
    calendar: null,
    listHref: paths.bookings(),
    nextHref: null,
    isLaterPage: false,
    values: {},
    selects: [],
    chips: [],
    allHref: paths.bookings(),
    isFiltered: false,
    searchAction: paths.bookingSearch(),
    tableHref: null,
    keptBySearch: [],
    keptByFilter: [],
  };
}

/** The page without rows, for filters that cannot be read. */
async function emptyPage(services: Needs, query: unknown): Promise<BookingListPage> {
  return {
    ...blankPage(),
    isLaterPage: true,
    values: Object.fromEntries(['q', ...filterNames()].map((name) => [name, typed(query, name)])),
    selects: selectsOf(await services.specialists.listActive()),
    isFiltered: true,
  };
}

function noticeOf(query: Request['query']): BookingListPage['notice'] {
  const words = {
    cancelled: 'was cancelled, and its time is free for others.',
    rescheduled: 'was moved.',
  };
  for (const [done, text] of Object.entries(words)) {
    const changed = query[done];
    if (typeof changed === 'string' && isReference(changed))
      return { text: `Booking ${changed} ${text}`, href: paths.bookingsFound(changed) };
  }
  return null;
}

function valuesOf(filter: BookingFilter, words: string | null): Record<string, string> {
  return {
    q: words ?? '',
    ...Object.fromEntries(filterNames().map((name) => [name, filter[name] ?? ''])),
  };
}
