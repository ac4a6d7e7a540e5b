// The list of an organisation's bookings as CSV, with its filters. Staff export from the console.
import type { Request, Response } from 'express';
import { detailIn, details, type Booking, type Detail } from '../../../bookings/index.ts';
import { csvLine } from '../../../lib/csv.ts';
import { clockTime, dayIn } from '../../../lib/dates.ts';
import { actorOf } from '../../actor.ts';
import { createCsvSender, type SendCsv } from '../../csv-response.ts';
import type { PageRoute } from '../../endpoint.ts';
import { bookingFilterSchema } from '../../forms/booking-filter.ts';
import { pageZoneOf } from '../../forms/fields.ts';
import type { SealedSearch } from '../../forms/sealed-search.ts';
import { paths } from '../../paths.ts';
import { notFound, parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { progressWords, statusWords, typeWords } from '../../view-helpers.ts';
import { detailWords } from './detail-words.ts';
import { filterQuery } from './list-query.ts';

type Needs = Pick<PageServices, 'bookingList' | 'clock'>;

export function tablePage(services: Needs, sealed: SealedSearch): PageRoute {
  const send = createCsvSender();
  return {
    method: 'get',
    path: paths.bookingsTable(),
    access: 'referrer',
    handle: (req, res) => sendTable(services, sealed, send, req, res),
  };
}

/** Days and times as spreadsheets read them, everything else as on pages. */
const cellOf = (detail: Detail, value: string | null | undefined): string =>
  detail.input.as === 'day' ? (value ?? '') : detailWords({ ...detail, absentWords: undefined }, value);

const columns: Record<string, (booking: Booking) => string | number | null> = {
  Reference: ({ reference }) => reference,
  Day: ({ startsAt, timezone }) => dayIn(startsAt, timezone),
  Time: ({ startsAt, timezone }) => clockTime(startsAt, timezone),
  'Time zone': ({ timezone }) => timezone,
  Minutes: ({ durationMinutes }) => durationMinutes,
  Kind: ({ type }) => typeWords[type],
  Specialist: ({ specialist }) => specialist.name,
  Specialty: ({ specialist }) => specialist.specialty,
  Place: ({ location }) => location,
  'Meeting link': ({ meetingLink }) => meetingLink,
  ...Object.fromEntries(
    details.map((detail) => [detail.label, (booking: Booking) => cellOf(detail, detailIn(booking, detail))]),
  ),
  Progress: ({ currentProgress }) => progressWords[currentProgress],
  Status: ({ status }) => statusWords[status],
  Referrer: ({ createdBy }) => createdBy?.name ?? null,
  'Booked on': ({ createdAt, timezone }) => dayIn(createdAt, timezone),
};

async function sendTable(
  services: Needs,
  sealed: SealedSearch,
  send: SendCsv,
  req: Request,
  res: Response,
): Promise<void> {
  const actor = actorOf(req, res);
  const filter = parse(bookingFilterSchema, req.query);
  const { userId } = actor.viewer;
  const words = filter.find === undefined ? filter.q : sealed.open(userId, filter.find);
  // The search was encrypted for another person, so the file would not match the list that they saw.
  if (words === null) throw notFound();
  const today = dayIn(services.clock.now(), pageZoneOf(req));
  const query = { ...filterQuery(filter), q: words, tab: filter.tab ?? 'all', today } as const;
  const lines = linesOf(services.bookingList.pages(actor.viewer, query));
  const table = { name: 'bookings', day: today, columns: Object.keys(columns), lines };
  await send(res, table, () => services.bookingList.recordExport(actor, query));
}

async function* linesOf(pages: AsyncIterable<Booking[]>): AsyncGenerator<string> {
  for await (const bookings of pages)
    yield bookings
      .map((booking) => csvLine(Object.values(columns).map((valueOf) => valueOf(booking))))
      .join('');
}
