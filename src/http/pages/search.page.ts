// One search over bookings, specialists and pages. It opens over any page (public/js/search.js), and is a page itself.
// What is typed may be health information: it is posted, and sealed in an address.
import type { Request, Response } from 'express';
import type { Viewer } from '../../accounts/index.ts';
import { examineeName, type Booking } from '../../bookings/index.ts';
import { zonePlaceName } from '../../lib/dates.ts';
import type { Specialist } from '../../specialists/index.ts';
import { actorOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { searchWords } from '../forms/booking-filter.ts';
import { rawField } from '../forms/fields.ts';
import { createSealedSearch, wordsOfSearch, type SealedSearch } from '../forms/sealed-search.ts';
import { paths } from '../paths.ts';
import { parse } from '../problem.ts';
import { wantsFragment } from '../respond.ts';
import { progressWords } from '../view-helpers.ts';
import type { PageData } from '../views.ts';
import { withQuery } from './links.ts';
import type { PageServices } from './page-services.ts';
import { findPages } from './search-pages.ts';
import { clockTime, shortDay } from './when.ts';

interface Found {
  href: string;
  text: string;
  detail?: string;
  note?: string;
}

interface FoundGroup {
  id: string;
  heading: string;
  found: Found[];
  /** The whole list, when there is more. */
  more: Found | null;
}

interface SearchPage extends PageData {
  query: string;
  groups: FoundGroup[];
}

type Needs = Pick<PageServices, 'bookingList' | 'recentBookings' | 'specialists' | 'config'>;

/** Of each kind. */
const most = 10;
/** Before anything is typed. */
const mostRecent = 5;

export function searchPages(services: Needs): PageRoute[] {
  const sealed = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'get',
      path: paths.search(),
      access: 'session',
      async handle(req, res) {
        const query = wordsOfSearch(sealed, req, res);
        if (query !== null)
          await show(services, sealed, req, res, query, wantsFragment(req) ? 'search/_box' : 'search/search');
      },
    },
    {
      method: 'post',
      path: paths.search(),
      access: 'session',
      async handle(req, res) {
        const words = (parse(searchWords, rawField(req.body, 'q') ?? '') ?? '').trim();
        if (wantsFragment(req)) return show(services, sealed, req, res, words, 'search/_found');
        const { userId } = actorOf(req, res).viewer;
        res.redirect(303, withQuery(paths.search(), { find: words ? sealed.seal(userId, words) : null }));
      },
    },
  ];
}

async function show(
  { bookingList, recentBookings, specialists }: Needs,
  sealed: SealedSearch,
  req: Request,
  res: Response,
  query: string,
  view: string,
): Promise<void> {
  const actor = actorOf(req, res);
  const { viewer } = actor;
  const recent = query ? [] : await recentBookings(actor, mostRecent);
  const [bookings, found] = query
    ? await Promise.all([
        bookingList.page(viewer, { q: query, limit: most }),
        specialists.listActive({ q: query }),
      ])
    : [null, []];
  const page: SearchPage = {
    title: 'Search',
    query,
    groups: [
      // Few, and what a specialist's name is typed for.
      group('specialists', 'Specialists', found.slice(0, most).map(specialistFound)),
      bookings && bookings !== 'bad_cursor'
        ? bookingGroup(viewer, bookings.bookings, bookings.nextCursor && sealed.seal(viewer.userId, query))
        : null,
      group(
        'recent',
        'Bookings you opened last',
        recent.map((booking) => bookingFound(viewer, booking)),
      ),
      group('pages', 'Pages', findPages(viewer, query).slice(0, most)),
    ].filter((one) => one !== null && one.found.length > 0) as FoundGroup[],
  };
  res.render(view, page);
}

function group(id: string, heading: string, found: Found[]): FoundGroup {
  return { id, heading, found, more: null };
}

/** @param find the search, sealed, when there is more than is shown */
function bookingGroup(viewer: Viewer, bookings: Booking[], find: string | null): FoundGroup {
  return {
    ...group(
      'bookings',
      'Bookings',
      bookings.map((booking) => bookingFound(viewer, booking)),
    ),
    more: find
      ? { href: withQuery(paths.bookings(), { find }), text: 'All bookings with these words' }
      : null,
  };
}

function bookingFound(viewer: Viewer, booking: Booking): Found {
  const { id, reference, startsAt, timezone, specialist, organization, claimNumber } = booking;
  return {
    href: paths.booking(id),
    text: examineeName(booking.examinee) || 'Name not given',
    detail: `${shortDay(startsAt, timezone)}, ${clockTime(startsAt, timezone)} (${zonePlaceName(timezone)})`,
    note: [
      specialist.name,
      progressWords[booking.currentProgress],
      viewer.role === 'referrer' ? null : organization?.name,
      claimNumber,
      reference,
    ]
      .filter(Boolean)
      .join(' · '),
  };
}

function specialistFound({ id, name, title, specialty, location }: Specialist): Found {
  return {
    href: paths.specialist(id),
    text: [title, name].filter(Boolean).join(' '),
    note: [specialty, location].filter(Boolean).join(' · '),
  };
}
