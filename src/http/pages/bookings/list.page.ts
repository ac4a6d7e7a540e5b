import type { Request, Response } from 'express';
import type { Viewer } from '../../../accounts/index.ts';
import { defaultPageSize, detailFilters, type DetailFilterName } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { bookingFilterSchema, searchWords, type BookingFilter } from '../../forms/booking-filter.ts';
import { fieldErrors, rawField, readerZoneOf, typed } from '../../forms/fields.ts';
import { createSealedSearch, type SealedSearch } from '../../forms/sealed-search.ts';
import { paths } from '../../paths.ts';
import { parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { bookingRow, type BookingRow } from './booking-words.ts';
import { bookingMonth, type BookingMonth } from './booking-month.ts';
import { chipsOf, selectsOf, type FilterChip, type FilterSelect } from './list-filters.ts';

export interface BookingListPage extends PageData {
  rows: BookingRow[];
  /** view=calendar */
  calendar: BookingMonth | null;
  listHref: string;
  calendarHref: string;
  nextHref: string | null;
  isLaterPage: boolean;
  /** As typed. */
  values: Record<string, string>;
  selects: FilterSelect[];
  chips: FilterChip[];
  isFiltered: boolean;
  searchAction: string;
  /** The filters to keep in a new search, as hidden fields. */
  keep: [string, string][];
  /** The sealed search to keep in a new filter. */
  find: string | null;
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
  ];
}

/** The words arrive by POST and are encrypted in the next URL. */
function search(sealed: SealedSearch, req: Request, res: Response): void {
  const { viewer } = actorOf(req, res);
  const words = parse(searchWords, rawField(req.body, 'q') ?? '');
  const kept = bookingFilterSchema.safeParse(req.body);
  const filter = kept.success ? filterQuery(kept.data) : {};
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
  // A link of a mail or a bookmark: the words leave the address, and with it the browser's history.
  if (filter.q) {
    const find = sealed.seal(viewer.userId, filter.q);
    return res.redirect(303, withQuery(paths.bookings(), { ...filterQuery(filter), find }));
  }
  if (filter.view === 'calendar') return showCalendar(services, req, res, viewer, filter);

  const words = (filter.find && sealed.open(viewer.userId, filter.find)) || null;
  // Another person's search, or from before the secret changed.
  if (filter.find && words === null)
    return res.redirect(303, withQuery(paths.bookings(), filterQuery(filter)));
  const { cursor, limit } = filter;
  const found = await services.bookingList.page(viewer, {
    ...filterQuery(filter),
    cursor,
    q: words ?? undefined,
    limit,
  });
  if (found === 'bad_cursor') return res.redirect(303, withQuery(paths.bookings(), filterQuery(filter)));

  // Sealed anew, so that links followed after a change of the secret no longer need the one before.
  const find = words ? sealed.seal(viewer.userId, words) : null;
  const query = { ...filterQuery(filter), find };
  const size = { limit: limit === defaultPageSize ? null : String(limit) };
  const specialists = await services.specialists.listActive();
  const page: BookingListPage = {
    title: 'Bookings',
    rows: found.bookings.map(bookingRow),
    calendar: null,
    listHref: withQuery(paths.bookings(), query),
    calendarHref: withQuery(paths.bookings(), { view: 'calendar' }),
    nextHref:
      found.nextCursor && withQuery(paths.bookings(), { ...query, ...size, cursor: found.nextCursor }),
    isLaterPage: cursor !== undefined,
    values: valuesOf(filter, words),
    selects: selectsOf(specialists),
    chips: chipsOf(query, words, specialists),
    isFiltered: Object.values(filterQuery(filter)).some(Boolean),
    searchAction: paths.bookingSearch(),
    keep: Object.entries(filterQuery(filter)).filter((pair): pair is [string, string] => Boolean(pair[1])),
    find,
  };
  res.render('bookings/list', page);
}

async function showCalendar(
  services: Needs,
  req: Request,
  res: Response,
  viewer: Viewer,
  filter: BookingFilter,
): Promise<void> {
  const calendar = await bookingMonth(services, viewer, filter.month, readerZoneOf(req.headers.cookie));
  const page: BookingListPage = { ...(await emptyPage(services, {})), calendar };
  res.render('bookings/list', page);
}

async function emptyPage(services: Needs, query: unknown): Promise<BookingListPage> {
  return {
    title: 'Bookings',
    rows: [],
    calendar: null,
    listHref: paths.bookings(),
    calendarHref: withQuery(paths.bookings(), { view: 'calendar' }),
    nextHref: null,
    isLaterPage: true,
    values: Object.fromEntries(['q', ...filterNames()].map((name) => [name, typed(query, name)])),
    selects: selectsOf(await services.specialists.listActive()),
    chips: [],
    isFiltered: true,
    searchAction: paths.bookingSearch(),
    keep: [],
    find: null,
  };
}

/** Filters that links contain in clear. */
type FilterName = Exclude<keyof BookingFilter, 'find' | 'q' | 'cursor' | 'limit' | 'view' | 'month'>;

function filterNames(): FilterName[] {
  const named = detailFilters().map(({ name }) => name as DetailFilterName);
  return ['status', 'progress', 'specialistId', ...named, 'from', 'to'];
}

/** The filters for links, without the search words. */
function filterQuery(filter: BookingFilter): Pick<BookingFilter, FilterName> {
  return Object.fromEntries(filterNames().map((name) => [name, filter[name]]));
}

function valuesOf(filter: BookingFilter, words: string | null): Record<string, string> {
  return {
    q: words ?? '',
    ...Object.fromEntries(filterNames().map((name) => [name, filter[name] ?? ''])),
  };
}
