import type { Request, Response } from 'express';
import { z } from 'zod';
import { idSchema } from '../../../bookings/index.ts';
import { dayIn } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import {
  examinationTypes,
  offers,
  type ExaminationType,
  type Specialist,
} from '../../../specialists/index.ts';
import type { AcceptFailure, WaitEntry } from '../../../waiting/index.ts';
import { actorOf } from '../../actor.ts';
import { joinSchema } from '../../api/wait-list.api.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, readerZoneOf, typed } from '../../forms/fields.ts';
import { knownFree } from '../../forms/specialist-filter.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound, parse } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { readerOf, seenStartsAtIn } from '../bookings/booking-to-change.ts';
import { changeProblem, movedProblem, type ChangeProblem } from '../bookings/change-problem.ts';
import type { PageServices } from '../page-services.ts';
import { timeAndDay } from '../when.ts';
import {
  entryWords,
  missedWords,
  offerWords,
  type EntryWords,
  type MissedWords,
  type OfferWords,
} from './offer-words.ts';

export interface WaitListPage extends PageData {
  offers: OfferWords[];
  missed: MissedWords[];
  entries: EntryWords[];
  notice: string | null;
  /** Why an offer could not be accepted. */
  problem: ChangeProblem | null;
}

export interface JoinPage extends PageData {
  specialist: { id: string; name: string; specialty: string };
  type: ExaminationType;
  values: Days;
  /** The days of the reader's present entry; null: not on this wait-list. */
  waiting: string | null;
  /** The same, sent with the form. */
  seen: string;
}

interface Days {
  before: string;
  notBefore: string;
}

type Needs = Pick<PageServices, 'bookings' | 'waitList' | 'specialists' | 'nextFree' | 'drafts' | 'clock'>;
type WithId = Request<{ id: string }>;

const joinQuery = z.object({
  specialist: z.string('Choose a specialist').pipe(idSchema),
  type: z.enum(examinationTypes, 'Choose in person or telehealth'),
});

export function waitListPages(services: Needs): PageRoute[] {
  const route = (
    method: 'get' | 'post',
    path: string,
    handle: (services: Needs, req: WithId, res: Response) => Promise<void>,
  ): PageRoute => ({
    method,
    path,
    access: 'referrer',
    handle: (req, res) => handle(services, req as WithId, res),
  });
  return [
    route('get', '/wait-list', showWaitList),
    route('get', '/wait-list/new', showJoin),
    route('post', '/wait-list', join),
    route('post', '/bookings/:id/wait-list', joinForBooking),
    route('post', '/wait-list/:id/leave', leave),
    route('post', '/wait-list/offers/:id/accept', accept),
    route('post', '/wait-list/offers/:id/decline', decline),
  ];
}

async function showWaitList(services: Needs, req: Request, res: Response): Promise<void> {
  return render(services, req, res, null);
}

async function render(
  { waitList }: Needs,
  req: Request,
  res: Response,
  problem: ChangeProblem | null,
): Promise<void> {
  const found = await waitList.of(actorOf(req, res).viewer);
  const readerZone = readerZoneOf(req.headers.cookie);
  const page: WaitListPage = {
    title: 'Wait-list',
    offers: found.offers.map((offer) => offerWords(offer, readerZone)),
    missed: problem ? [] : found.missed.map((offer) => missedWords(offer, readerZone)),
    entries: found.entries.map(entryWords),
    notice: problem ? null : noticeOf(req.query),
    problem,
  };
  res.render('wait-list/list', page);
}

function noticeOf(query: Request['query']): string | null {
  if (query.joined !== undefined) return 'You are on the wait-list. We e-mail you when a time becomes free.';
  if (query.left !== undefined) return 'You left the wait-list.';
  if (query.declined !== undefined) return 'The time goes to the next person. You stay on the wait-list.';
  return null;
}

async function specialistOf({ specialists }: Needs, id: string, type: ExaminationType): Promise<Specialist> {
  const specialist = await specialists.findById(id);
  if (!specialist?.isActive || !offers(specialist, type)) throw notFound();
  return specialist;
}

async function showJoin(services: Needs, req: Request, res: Response): Promise<void> {
  const { specialist: id, type } = parse(joinQuery, req.query);
  const specialist = await specialistOf(services, id, type);
  const entry = await entryFor(services, req, res, specialist, type);
  const [known] = await knownFree(services, [specialist], type, actorOf(req, res).viewer.userId);
  const first = known?.slots[0];
  renderJoin(res, specialist, type, {
    entry,
    values: {
      before: first ? dayIn(first.startsAt, specialist.timezone) : '',
      notBefore: '',
      ...(entry && daysOf(entry)),
    },
  });
}

/** The reader's entry of this wait-list: joining again changes its days. */
async function entryFor(
  { waitList }: Needs,
  req: Request,
  res: Response,
  specialist: Specialist,
  type: ExaminationType,
): Promise<WaitEntry | null> {
  const { entries } = await waitList.of(actorOf(req, res).viewer);
  return (
    entries.find((entry) => !entry.booking && entry.specialist.id === specialist.id && entry.type === type) ??
    null
  );
}

function daysOf({ before, notBefore, specialist: { timezone } }: WaitEntry): Days {
  return { before: dayIn(before, timezone), notBefore: notBefore ? dayIn(notBefore, timezone) : '' };
}

const seenOf = (entry: WaitEntry | null) => (entry ? Object.values(daysOf(entry)).join(' ') : 'none');

function renderJoin(
  res: Response,
  { id, name, specialty }: Specialist,
  type: ExaminationType,
  { values, entry, errors = [] }: { values: Days; entry: WaitEntry | null; errors?: FieldError[] },
): void {
  const page: JoinPage = {
    title: `Wait-list for ${name}`,
    errors,
    specialist: { id, name, specialty },
    type,
    values,
    waiting: entry && entryWords(entry).wanted,
    seen: seenOf(entry),
  };
  res.render('wait-list/new', page);
}

async function join(services: Needs, req: Request, res: Response): Promise<void> {
  const sent = joinSchema.safeParse(req.body);
  const { specialist: id, type } = parse(joinQuery, {
    specialist: typed(req.body, 'specialistId'),
    type: typed(req.body, 'type'),
  });
  const specialist = await specialistOf(services, id, type);
  const entry = await entryFor(services, req, res, specialist, type);
  const values = { before: typed(req.body, 'before'), notBefore: typed(req.body, 'notBefore') };
  const seen = typed(req.body, 'seen');
  // A double click sends the same days again.
  const isRepeated = entry !== null && seenOf(entry) === Object.values(values).join(' ');
  if (seen !== '' && seen !== seenOf(entry) && !isRepeated) {
    const message = 'Your days were changed meanwhile. Check them and save again';
    return renderJoin(res.status(409), specialist, type, {
      values,
      entry,
      errors: [{ path: 'before', message }],
    });
  }
  const joined = sent.success ? await services.waitList.join(actorOf(req, res), sent.data) : null;
  if (joined?.ok) return res.redirect(303, `${paths.waitList()}?joined`);
  if (joined && joined.reason !== 'invalid') throw joined.reason === 'forbidden' ? forbidden() : notFound();
  const errors = joined ? joined.errors : fieldErrors(sent.error ?? new z.ZodError([]));
  renderJoin(res.status(422), specialist, type, { values, entry, errors });
}

async function joinForBooking({ waitList }: Needs, req: WithId, res: Response): Promise<void> {
  const joined = await waitList.joinForBooking(actorOf(req, res), req.params.id);
  if (!joined.ok && joined.reason === 'forbidden') throw forbidden();
  if (!joined.ok && joined.reason === 'not_found') throw notFound();
  // A booking that cannot be moved any more: its page says why.
  res.redirect(303, `${paths.booking(req.params.id)}${joined.ok ? '?waiting' : ''}`);
}

async function leave({ waitList }: Needs, req: WithId, res: Response): Promise<void> {
  if (!(await waitList.leave(actorOf(req, res), req.params.id))) throw notFound();
  res.redirect(303, `${paths.waitList()}?left`);
}

async function decline({ waitList }: Needs, req: WithId, res: Response): Promise<void> {
  if (!(await waitList.decline(actorOf(req, res), req.params.id))) throw notFound();
  res.redirect(303, `${paths.waitList()}?declined`);
}

async function accept(services: Needs, req: WithId, res: Response): Promise<void> {
  const actor = actorOf(req, res);
  const accepted = await services.waitList.accept(actor, req.params.id, seenStartsAtIn(req.body));
  if (!accepted.ok) return notAccepted(services, req, res, accepted);
  if (accepted.value.kind === 'moved')
    return res.redirect(303, `${paths.booking(accepted.value.bookingId)}?rescheduled`);
  const { specialist, type, startsAt } = accepted.value.offer;
  const draft = await services.drafts.create(actor.viewer, {
    specialistId: specialist.id,
    type,
    startsAt: startsAt.toISOString(),
  });
  res.redirect(303, paths.draftExaminee(draft.id));
}

async function notAccepted(
  services: Needs,
  req: Request,
  res: Response,
  failure: AcceptFailure,
): Promise<void> {
  if (failure.reason === 'not_found') throw notFound();
  const { offer } = failure;
  const time = `${timeAndDay(offer.startsAt, offer.specialist.timezone)} with ${offer.specialist.name}`;
  if (failure.reason === 'not_moved') {
    const { booking } = offer;
    if (!booking) throw new Error(`Offer ${offer.id} was moved without a booking`);
    if (failure.because.reason === 'invalid') {
      const text = failure.because.errors.map(({ message }) => message).join(' ');
      return render(services, req, res.status(422), { title: 'The examination was not moved', text });
    }
    if (failure.because.reason === 'stale') {
      const found = await services.bookings.view(actorOf(req, res), booking.id, { isOpened: false });
      if (!found) throw notFound();
      const problem = movedProblem(found, seenStartsAtIn(req.body), readerOf(req, res));
      return render(services, req, res.status(409), problem);
    }
    const problem = changeProblem(res, booking, failure.because);
    return problem ? render(services, req, res, problem) : undefined;
  }
  const stay = 'Nothing was changed. You stay on the wait-list, and we tell you of the next one.';
  const problem =
    failure.reason === 'taken'
      ? {
          title: 'That time has just been taken',
          text: `${time} is no longer free: somebody booked it in the clinic. ${stay}`,
        }
      : {
          title: 'This offer has ended',
          text: `${time} was held for you for ten minutes, or was declined. It may be offered to somebody else now. ${stay}`,
        };
  return render(services, req, res.status(409), problem);
}
