import type { Request, Response } from 'express';
import { isStaff, type Viewer } from '../../accounts/index.ts';
import { mostCounted, type Booking, type BookingWithNeeds, type Whose } from '../../bookings/index.ts';
import { dayIn, formatDay, shiftDays } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { pageZoneOf, readerZoneOf } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import type { PageServices } from './page-services.ts';
import type { PageData } from '../views.ts';
import { titleParts } from './bookings/booking-words.ts';
import { listRow, type ListRow, type RowsContext } from './bookings/list-rows.ts';
import { countWords, moreWords } from './count-words.ts';
import { needMarks, type NeedMark } from './bookings/need-words.ts';
import { withQuery } from './links.ts';
import { offerWords, type OfferWords } from './wait-list/offer-words.ts';

export interface HomePage extends PageData {
  firstName: string;
  today: string;
  /** Null for staff. */
  needs: HomeNeeds | null;
  upcoming: UpcomingGroup[];
  /** Times that are held for this person. */
  offers: OfferWords[];
  /** How many entries of the wait-list they have. */
  waitingCount: number;
}

export interface HomeNeeds {
  /** The person's own bookings, and those of the organisation. */
  tabs: { label: string; count: string | null; href: string; isCurrent: boolean }[];
  entries: NeedEntry[];
  /** How many bookings are not listed: `12 more`; null: all are. */
  more: string | null;
  whose: Whose;
}

export interface NeedEntry {
  /** `Maria Santos`, `Dr Hart`, `Tue 8 Dec, 9:00 am` */
  title: string[];
  href: string;
  isNew: boolean;
  marks: NeedMark[];
}

export interface UpcomingGroup {
  id: string;
  title: string;
  rows: ListRow[];
}

type Needs = Pick<PageServices, 'waitList' | 'bookingNeeds' | 'upcomingBookings' | 'clock'>;

const maxNeeds = 30;
const maxRows = 40;
const maxRowsForStaff = 12;

export function homePages(services: Needs): PageRoute[] {
  return [{ method: 'get', path: '/', access: 'anyone', handle: (req, res) => showHome(services, req, res) }];
}

async function showHome(services: Needs, req: Request, res: Response): Promise<void> {
  const viewer = viewerOf(res);
  if (!viewer) {
    return res.render('home/welcome', { title: 'Independent medical examinations' } satisfies PageData);
  }
  const readerZone = readerZoneOf(req.headers.cookie);
  const zone = pageZoneOf(req);
  const now = services.clock.now();
  const whose: Whose = req.query.whose === 'all' ? 'all' : 'mine';
  const ofStaff = isStaff(viewer);
  const [found, ahead, waiting] = await Promise.all([
    services.bookingNeeds.list(viewer, now, { whose, limit: maxNeeds }),
    services.upcomingBookings(viewer, now, { whose, limit: ofStaff ? maxRowsForStaff : maxRows }),
    services.waitList.summaryOf(viewer),
  ]);
  const page: HomePage = {
    waitingCount: waiting.entryCount,
    offers: waiting.offers.map((offer) => offerWords(offer, readerZone)),
    title: ofStaff ? 'Upcoming examinations' : 'What needs you',
    firstName: viewer.name.split(' ')[0] ?? viewer.name,
    today: formatDay(now, zone),
    needs: ofStaff
      ? null
      : {
          tabs: tabsOf(viewer, whose, found.counts),
          entries: found.bookings.map((one) => entryOf(one, { now, readerZone })),
          more: moreWords(found.bookings.length, found.counts[whose], mostCounted),
          whose,
        },
    upcoming: groupsOf(ahead, {
      viewer,
      now,
      needs: new Map(found.bookings.map(({ booking, needs }) => [booking.id, needs])),
      // A change that starts on this page ends on its booking's page.
      list: '',
    }),
  };
  res.render('home/home', page);
}

function tabsOf(viewer: Viewer, whose: Whose, counts: Record<Whose, number>): HomeNeeds['tabs'] {
  const words = (count: number) => (count === 0 ? null : countWords(count, mostCounted));
  return [
    { label: 'Mine', count: words(counts.mine), href: homeOf('mine'), isCurrent: whose === 'mine' },
    {
      label: viewer.organization?.name ?? 'Organisation',
      count: words(counts.all),
      href: homeOf('all'),
      isCurrent: whose === 'all',
    },
  ];
}

function homeOf(whose: Whose): string {
  return withQuery(paths.home(), { whose: whose === 'all' ? whose : null });
}

function entryOf(
  { booking, needs }: BookingWithNeeds,
  { now, readerZone }: { now: Date; readerZone: string | null },
): NeedEntry {
  const marks = needMarks(booking, needs, now);
  return {
    title: titleParts(booking, { now, readerZone }),
    href: marks[0]?.href ?? paths.booking(booking.id),
    isNew: marks.some(({ isNew }) => isNew),
    marks,
  };
}

/** Times are in each examination's own zone. Examinations after a week are shown only when there is none before. */
function groupsOf(bookings: Booking[], context: RowsContext): UpcomingGroup[] {
  const { now } = context;
  const daysAhead = ({ startsAt, timezone }: Booking, days: number) =>
    dayIn(startsAt, timezone) <= shiftDays(dayIn(now, timezone), days);
  const today = bookings.filter((one) => daysAhead(one, 0));
  const tomorrow = bookings.filter((one) => daysAhead(one, 1) && !daysAhead(one, 0));
  const week = bookings.filter((one) => daysAhead(one, 7) && !daysAhead(one, 1));
  const isQuiet = today.length + tomorrow.length + week.length === 0;
  const groups = [
    { id: 'today', title: 'Today', some: today },
    { id: 'tomorrow', title: 'Tomorrow', some: tomorrow },
    { id: 'week', title: 'Next seven days', some: week },
    { id: 'later', title: 'Next', some: isQuiet ? bookings.slice(0, 3) : [] },
  ];
  return groups
    .filter(({ some }) => some.length > 0)
    .map(({ id, title, some }) => ({ id, title, rows: some.map((booking) => listRow(booking, context)) }));
}
