import type { Request, Response } from 'express';
import type { Viewer } from '../../accounts/index.ts';
import type { Booking, BookingList } from '../../bookings/index.ts';
import { dayIn, formatDay, shiftDays } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { readerZoneOf } from '../forms/fields.ts';
import type { PageServices } from './page-services.ts';
import type { PageData } from '../views.ts';
import { earliestFirst } from './bookings/booking-month.ts';
import { bookingRow, type BookingRow } from './bookings/booking-words.ts';

export interface HomePage extends PageData {
  firstName: string;
  today: string;
  rows: BookingRow[];
}

type Needs = Pick<PageServices, 'bookingList' | 'clock'>;

export function homePages(services: Needs): PageRoute[] {
  return [{ method: 'get', path: '/', access: 'anyone', handle: (req, res) => showHome(services, req, res) }];
}

async function showHome(services: Needs, req: Request, res: Response): Promise<void> {
  const viewer = viewerOf(res);
  if (!viewer) {
    return res.render('home/welcome', { title: 'Independent medical examinations' } satisfies PageData);
  }
  const zone = readerZoneOf(req.headers.cookie) ?? 'Australia/Sydney';
  const now = services.clock.now();
  const page: HomePage = {
    title: 'Upcoming examinations',
    firstName: viewer.name.split(' ')[0] ?? viewer.name,
    today: formatDay(now, zone),
    rows: (await upcoming(services.bookingList, viewer, now, dayIn(now, zone))).map(bookingRow),
  };
  res.render('home/upcoming', page);
}

const maxShown = 5;

/** The next five. The list returns the latest first, so near days are queried before all days. */
async function upcoming(list: BookingList, viewer: Viewer, now: Date, today: string): Promise<Booking[]> {
  for (const to of [shiftDays(today, 7), shiftDays(today, 42), undefined]) {
    const found = await list.page(viewer, { status: 'active', from: today, to, limit: 100 });
    if (found === 'bad_cursor') throw new Error('The list refused a query without a cursor');
    const next = earliestFirst(found.bookings).filter(({ startsAt }) => startsAt > now);
    if (next.length >= maxShown || to === undefined) return next.slice(0, maxShown);
  }
  return [];
}
