// A person's calendar: the page that switches it on, and the address that calendar programs read.
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import {
  bookingsCalendar,
  type Booking,
  type CalendarFeed,
  type CalendarFeeds,
  type FeedChoice,
} from '../../../bookings/index.ts';
import { parseSender } from '../../../lib/mail-sender.ts';
import { agencyZone } from '../../../lib/zones.ts';
import type { PageRoute } from '../../endpoint.ts';
import { matchesEtag } from '../../file-response.ts';
import { namedIn, rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, tooManyRequests } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { shortDay } from '../when.ts';
import { ownActor } from './account-page.ts';

interface CalendarFeedPage extends PageData {
  feed: (FeedChoice & { since: string }) | null;
  /** The feed's address, which is shown once. */
  address: string | null;
  notice: string | null;
}

export interface CalendarFeedServices {
  calendarFeeds: CalendarFeeds;
  config: { BASE_URL: string; MAIL_FROM: string };
}

const notices: Record<string, string> = {
  saved: 'Your choice is saved. Calendars show it when they read the address again.',
  off: 'Your calendar address no longer works.',
};

export function calendarFeedPages({ calendarFeeds, config }: CalendarFeedServices): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.accountCalendar(),
      access: 'referrer',
      async handle(req, res) {
        const feed = await calendarFeeds.find(ownActor(req, res).viewer);
        show(res, feed, { address: null, notice: namedIn(notices, req.query.done) });
      },
    },
    {
      method: 'post',
      path: paths.accountCalendar(),
      access: 'referrer',
      handle: (req, res) => change({ calendarFeeds, config }, req, res),
    },
    {
      method: 'get',
      path: '/calendar/:token/examinations.ics',
      access: 'anyone',
      handle: (req, res) => sendFeed({ calendarFeeds, config }, req as Request<{ token: string }>, res),
    },
  ];
}

async function change(
  { calendarFeeds, config }: CalendarFeedServices,
  req: Request,
  res: Response,
): Promise<void> {
  const actor = ownActor(req, res);
  const isTicked = (name: string) => rawField(req.body, name) === 'on';
  const choice = { showsDetails: isTicked('details'), showsColleagues: isTicked('colleagues') };
  const done = (what: string) => res.redirect(303, `${paths.accountCalendar()}?done=${what}`);
  switch (typed(req.body, 'do')) {
    case 'end':
      await calendarFeeds.end(actor);
      return done('off');
    case 'save':
      return done((await calendarFeeds.change(actor, choice)) ? 'saved' : 'off');
    default: {
      const token = await calendarFeeds.renew(actor, choice);
      const feed = await calendarFeeds.find(actor.viewer);
      const address = new URL(paths.calendarFeed(token), config.BASE_URL).href;
      show(res, feed, { address, notice: null });
    }
  }
}

function show(
  res: Response,
  feed: CalendarFeed | null,
  { address, notice }: Pick<CalendarFeedPage, 'address' | 'notice'>,
): void {
  const page: CalendarFeedPage = {
    title: 'Calendar',
    feed: feed && { ...feed, since: shortDay(feed.createdAt, agencyZone) },
    address,
    notice,
  };
  res.render('account/calendar', page);
}

async function sendFeed(
  { calendarFeeds, config }: CalendarFeedServices,
  req: Request<{ token: string }>,
  res: Response,
): Promise<void> {
  const read = await calendarFeeds.read(req.params.token, req.ip ?? null);
  if (!read.ok) {
    if (read.reason === 'too_many')
      throw tooManyRequests(read.retryAfterMs, 'This calendar was read too often. Try again later.');
    throw notFound();
  }
  const { bookings, showsDetails } = read.value;
  const etag = `"${stateOf(bookings, showsDetails)}"`;
  res.set({ ETag: etag, 'Cache-Control': 'private, no-cache' });
  if (matchesEtag(req.get('if-none-match'), etag)) return void res.status(304).end();
  const urlOf = ({ id }: Booking) => new URL(paths.booking(id), config.BASE_URL).href;
  const organizer = parseSender(config.MAIL_FROM);
  res
    .type('text/calendar; charset=utf-8')
    .send(bookingsCalendar(bookings, { urlOf, organizer, showsDetails }));
}

/** A tag that changes whenever an event changes, so that the file is written only for calendars that have an older one. */
function stateOf(bookings: Booking[], showsDetails: boolean): string {
  const facts = bookings.map(({ id, version, updatedAt, specialist }) => [
    id,
    version,
    updatedAt,
    specialist,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([showsDetails, facts]))
    .digest('base64url');
}
