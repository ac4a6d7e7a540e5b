import type { Request, Response } from 'express';
import type { ChangeFailure } from '../../../attempts/index.ts';
import type { Slot } from '../../../availability/index.ts';
import { examineeName, rescheduleRequestSchema, type Booking } from '../../../bookings/index.ts';
import { dayIn, zonePlaceName } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField, readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { wantsFragment } from '../../respond.ts';
import { offers } from '../../../specialists/index.ts';
import type { PageServices } from '../page-services.ts';
import { typeWords } from '../../view-helpers.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { answerPicker, buildPicker, dayOf, pickerQuery, type Picker } from '../time-picker.ts';
import { clockTime, timeAndDay } from '../when.ts';
import { afterChange, listOf, withBack } from './back-to-list.ts';
import { bookingToChange, readerOf, seenStartsAtIn, type BookingRequest } from './booking-to-change.ts';
import { changeProblem, movedProblem, type ChangeProblem } from './change-problem.ts';
import type { Choice } from './journey.ts';
import { takenWords, type SlotTakenPage } from './slot-taken.ts';

export interface ReschedulePage extends PageData {
  bookingId: string;
  reference: string;
  choice: Choice;
  /** Null when no time can be chosen: `problem` says why. */
  picker: Picker | null;
  problem: ChangeProblem | null;
}

type Needs = Pick<PageServices, 'attempts' | 'bookings' | 'specialists' | 'availability' | 'clock'>;

export function reschedulePages(services: Needs): PageRoute[] {
  const path = '/bookings/:id/reschedule';
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: (req, res) => showReschedule(services, req as BookingRequest, res),
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => reschedule(services, req as BookingRequest, res),
    },
  ];
}

async function showReschedule(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const unsent = keptFormOf(res, hereOf(req, req.params.id));
  const query = pickerQuery(req.query, unsent);
  // A time of the page "That time has just been taken".
  const chosen = rescheduleRequestSchema.safeParse(req.query).data?.startsAt ?? null;
  await showFor(services, req, res, { query, chosen, seen: seenStartsAtIn(unsent?.fields ?? req.query) });
}

/** @param seen the booking's time on the page that the person had open; null: unknown */
async function showFor(
  services: Needs,
  req: BookingRequest,
  res: Response,
  { seen, ...shown }: Pick<Shown, 'query' | 'chosen'> & { seen: Date | null },
): Promise<void> {
  const found = await bookingToChange(services, req, res, 'rescheduled');
  if (!found) return;
  const problem = movedProblem(found, seen, readerOf(req, res));
  // The other parts of the open page show the earlier time: reload it.
  if (problem && wantsFragment(req)) return void res.set('HX-Redirect', req.originalUrl).end();
  await render(services, req, res, found.booking, { ...shown, problem });
}

async function reschedule(services: Needs, req: BookingRequest, res: Response): Promise<void> {
  const found = await bookingToChange(services, req, res, 'rescheduled');
  if (!found) return;
  const { booking } = found;
  const form = rescheduleRequestSchema.safeParse({ startsAt: rawField(req.body, 'startsAt') });
  if (!form.success) {
    const errors = [{ path: 'startsAt', message: 'Choose a time' }];
    return render(services, req, res.status(422), booking, { query: dayOf(req.body), errors });
  }
  const moved = await services.attempts.reschedule(
    actorOf(req, res),
    booking.id,
    form.data.startsAt,
    seenStartsAtIn(req.body),
  );
  if (moved.ok) return res.redirect(303, afterChange(booking, 'rescheduled', req));
  return notMoved(services, req, res, booking, form.data.startsAt, moved);
}

async function notMoved(
  services: Needs,
  req: BookingRequest,
  res: Response,
  booking: Booking,
  to: Date,
  failure: ChangeFailure,
): Promise<void> {
  const query = { day: dayIn(to, booking.timezone) };
  if (failure.reason === 'slot_taken') return renderTaken(req, res, booking, failure);
  if (failure.reason === 'invalid') {
    const errors = failure.errors.map(({ message }) => ({ path: 'startsAt', message }));
    return render(services, req, res.status(422), booking, { query, errors });
  }
  if (failure.reason === 'stale')
    return showFor(services, req, res.status(409), { query, chosen: to, seen: seenStartsAtIn(req.body) });
  const problem = changeProblem(res, booking, failure);
  if (problem) await render(services, req, res, booking, { query, chosen: to, problem });
}

function renderTaken(
  req: Request,
  res: Response,
  booking: Booking,
  { startsAt, nearest }: { startsAt: Date; nearest: Slot[] },
): void {
  const zone = booking.timezone;
  const page: SlotTakenPage = {
    title: 'That time has just been taken',
    steps: null,
    ...takenWords({ startsAt, nearest }, zone, readerZoneOf(req.headers.cookie), (chosen) =>
      pickerHref(req, booking, { startsAt: chosen }),
    ),
    specialistName: booking.specialist.name,
    keeps: `${timeAndDay(booking.startsAt, zone)} (${zonePlaceName(zone)})`,
    others: [],
    draftId: null,
    chooseAction: null,
    otherHref: hereOf(req, booking.id),
    sections: null,
  };
  res.status(409).render('bookings/slot-taken', page);
}

interface Shown {
  query: { month?: string; day?: string };
  /** The time that is chosen already. */
  chosen?: Date | null;
  errors?: FieldError[];
  problem?: ChangeProblem | null;
}

async function render(
  services: Needs,
  req: Request,
  res: Response,
  booking: Booking,
  { query, chosen = null, errors = [], problem = null }: Shown,
): Promise<void> {
  const specialist = await services.specialists.findById(booking.specialist.id);
  if (!specialist) throw new Error(`Booking ${booking.id} names a specialist who does not exist`);
  const here = hereOf(req, booking.id);
  if (!offers(specialist, booking.type)) return renderNotOffered(req, res, booking);
  const picker = await buildPicker(services, {
    specialist,
    type: booking.type,
    personId: actorOf(req, res).viewer.userId,
    query,
    chosen,
    readerZone: readerZoneOf(req.headers.cookie),
    href: (change) => pickerHref(req, booking, change),
    submit: {
      action: here,
      text: 'Move the booking',
      doing: 'Moving',
      seen: booking.startsAt.toISOString(),
    },
  });
  answerPicker(res, picker);
  if (wantsFragment(req)) return res.render('bookings/_picker', { picker, errors });
  const page: ReschedulePage = {
    title: `Reschedule booking ${booking.reference}`,
    errors,
    bookingId: booking.id,
    reference: booking.reference,
    choice: presentTime(booking),
    picker,
    problem,
  };
  res.render('bookings/reschedule', page);
}

/** The page's address, with the way back to the list. */
function hereOf(req: Request, bookingId: string): string {
  return withBack(paths.bookingReschedule(bookingId), listOf(req));
}

/** The picker with this month, day or time, for a page that shows the booking's present time. */
function pickerHref(
  req: Request,
  { id, startsAt }: Booking,
  shown: { month?: string; day?: string; startsAt?: string },
): string {
  return withQuery(paths.bookingReschedule(id), {
    ...shown,
    seen: startsAt.toISOString(),
    back: listOf(req),
  });
}

/** The specialist no longer offers the booked type of examination. */
function renderNotOffered(req: Request, res: Response, booking: Booking): void {
  res.status(409);
  // The request came from an open page: reload it, because only the whole page explains the problem.
  if (wantsFragment(req)) return void res.set('HX-Redirect', hereOf(req, booking.id)).end();
  const page: ReschedulePage = {
    title: `Reschedule booking ${booking.reference}`,
    errors: [],
    bookingId: booking.id,
    reference: booking.reference,
    choice: presentTime(booking),
    picker: null,
    problem: {
      title: 'This booking cannot be moved here',
      text: `${booking.specialist.name} no longer offers this kind of examination (${typeWords[booking.type].toLowerCase()}). The booking is unchanged. To move it, call the agency.`,
    },
  };
  res.render('bookings/reschedule', page);
}

function presentTime(booking: Booking): Choice {
  const { startsAt, timezone: zone } = booking;
  return {
    title: 'Current booking',
    rows: [
      { label: 'Examinee', value: examineeName(booking.examinee) },
      {
        label: 'Time',
        value: clockTime(startsAt, zone),
        note: timeAndDay(startsAt, zone).replace(/^[^,]*, /, ''),
      },
      { label: 'Specialist', value: booking.specialist.name, note: booking.specialist.specialty },
      { label: 'Kind', value: `${typeWords[booking.type]}, ${booking.durationMinutes} minutes` },
    ],
  };
}
