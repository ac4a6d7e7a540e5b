import type { Request, Response } from 'express';
import { formatDay } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { readerZoneOf } from '../forms/fields.ts';
import type { PageServices } from './page-services.ts';
import type { PageData } from '../views.ts';
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
    rows: (await services.bookingList.upcoming(viewer, now, maxShown)).map(bookingRow),
  };
  res.render('home/upcoming', page);
}

const maxShown = 5;
