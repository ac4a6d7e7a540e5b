// The form of the last step: POST /bookings from browsers. Programs send JSON to the same URL.
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { BookFailure } from '../../../attempts/index.ts';
import {
  bookingRequestSchema,
  details,
  detailsIn,
  draftHours,
  idempotencyKeySchema,
  idSchema,
  withoutDetails,
  type BookingRequest,
} from '../../../bookings/index.ts';
import type { FieldError } from '../../../lib/result.ts';
import type { AskedQuestions } from '../../../questions/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, readerZoneOf } from '../../forms/fields.ts';
import { answersAsked } from '../../forms/questions.form.ts';
import { paths } from '../../paths.ts';
import { forbidden, parse, retryAfterSeconds } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import { withQuery } from '../links.ts';
import { refusesUsWords } from '../time-picker.ts';
import { questionsOf } from './draft-questions.ts';
import { draftSections } from './draft-summary.ts';
import { renderUnanswered } from './examinee.page.ts';
import { firstMissing, renderExpired, stepPath, stepsAt, withSpecialist, type OpenDraft } from './journey.ts';
import { renderReview } from './review.page.ts';
import { othersNear, takenWords, type SlotTakenPage } from './slot-taken.ts';

type Needs = Pick<
  PageServices,
  'specialists' | 'nextFree' | 'clock' | 'drafts' | 'questions' | 'attempts' | 'ids' | 'sameExaminee'
>;

/** A draft with the questions that its specialist asks. */
type AskedDraft = OpenDraft & { asked: AskedQuestions | null };

const formSchema = z.object({
  draftId: z.string('Give one draft').pipe(idSchema),
  idempotencyKey: idempotencyKeySchema,
});

export function confirmPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'post',
      path: '/bookings',
      access: 'referrer',
      handle: (req, res) => confirmBooking(services, req, res),
    },
  ];
}

async function confirmBooking(services: Needs, req: Request, res: Response): Promise<void> {
  const { draftId, idempotencyKey } = parse(formSchema, req.body);
  // Tells the navigation that this page belongs to the journey, and not to the list with the same URL.
  res.locals.currentPath = paths.newBooking();
  const actor = actorOf(req, res);
  const owner = actor.viewer;
  const data = await services.drafts.find(owner, draftId);
  if (!data) return renderExpired(res);
  // After a second click or a reload the booking exists already.
  if (data.bookingId) return res.redirect(303, paths.bookingConfirmed(data.bookingId));
  const open = await withSpecialist(services, { id: draftId, owner, data });
  if (!open) return res.redirect(303, paths.newBooking(draftId));
  const missing = firstMissing(open);
  if (missing !== 'check') return res.redirect(303, stepPath(missing, draftId));
  const draft = { ...open, asked: await questionsOf(services, open) };
  // Each change of the answers and each failed attempt gives the draft a new key.
  if (idempotencyKey !== data.idempotencyKey) return renderOutOfDate(services, req, res, draft);

  const request = bookingRequestSchema.safeParse(requestOf(draft, readerZoneOf(req.headers.cookie)));
  if (!request.success) return renderInvalid(services, req, res, draft, fieldErrors(request.error));
  const booked = await services.attempts.book(actor, request.data, idempotencyKey);
  if (!booked.ok) return notBooked(services, req, res, draft, booked);
  await services.drafts.update(owner, draftId, {
    bookingId: booked.value.id,
    ...withoutDetails(),
  });
  res.redirect(303, paths.bookingConfirmed(booked.value.id));
}

function requestOf({ data, startsAt, asked }: AskedDraft, readerZone: string | null) {
  return {
    specialistId: data.specialistId,
    type: data.type,
    startsAt: startsAt?.toISOString(),
    timezone: readerZone,
    ...detailsIn(data),
    answers: asked ? answersAsked(asked.forms, data.answers) : [],
  } satisfies Record<keyof BookingRequest, unknown>;
}

async function notBooked(
  services: Needs,
  req: Request,
  res: Response,
  draft: AskedDraft,
  failure: BookFailure,
): Promise<void> {
  if (failure.reason === 'outcome_pending') {
    return res.redirect(303, withQuery(paths.bookingAttempt(failure.attemptId), { draft: draft.id }));
  }
  const renewed = await renewKey(services, draft);
  switch (failure.reason) {
    case 'idempotency_conflict':
      return renderOutOfDate(services, req, res, renewed);
    case 'forbidden':
      throw forbidden();
    case 'invalid':
      return renderInvalid(services, req, res, renewed, failure.errors);
    case 'slot_taken':
      return renderSlotTaken(services, req, res, renewed, failure);
    case 'acuity_unavailable':
    case 'acuity_queue_full':
    case 'acuity_refuses_us':
      res.status(503).set('Retry-After', retryAfterSeconds(failure.retryAfterMs));
      return renderReview(services, req, res, renewed, renewed.asked, {
        problem: outOfReachWords[failure.reason],
      });
    case 'acuity_error':
      return renderReview(services, req, res.status(502), renewed, renewed.asked, {
        problem: {
          title: 'Nothing was booked: the calendar refused',
          text: `The specialist’s calendar did not accept the booking. ${kept}. Try another time, or call the agency.`,
        },
      });
  }
}

const kept = `Everything you typed is kept for ${draftHours} hours`;
const outOfReachWords = {
  acuity_unavailable: {
    title: 'Nothing was booked: we can’t reach the calendar',
    text: `We can’t reach the specialist’s calendar right now. ${kept}; confirm again in a minute.`,
  },
  acuity_queue_full: {
    title: 'Nothing was booked: we are very busy',
    text: `Too many requests wait for the specialist’s calendar right now. ${kept}; confirm again in a few seconds.`,
  },
  acuity_refuses_us: {
    title: 'Nothing was booked: the calendar does not let us in',
    text: `${refusesUsWords} ${kept}.`,
  },
};

async function renderOutOfDate(
  services: Needs,
  req: Request,
  res: Response,
  draft: AskedDraft,
): Promise<void> {
  await renderReview(services, req, res.status(409), draft, draft.asked, {
    problem: {
      title: 'This page was out of date',
      text: 'Nothing was booked from it. These are the answers as they are now: check them and confirm again.',
    },
  });
}

/** A failed attempt has used its key: the next attempt needs another. */
async function renewKey(services: Needs, draft: AskedDraft): Promise<AskedDraft> {
  const idempotencyKey = services.ids.uuid();
  const data = await services.drafts.update(draft.owner, draft.id, { idempotencyKey });
  return { ...draft, data: data ?? { ...draft.data, idempotencyKey } };
}

/** Shows the examinee's step for errors in its answers, and this step for all others. */
async function renderInvalid(
  services: Needs,
  req: Request,
  res: Response,
  draft: AskedDraft,
  errors: FieldError[],
): Promise<void> {
  if (errors.some(({ path }) => isAnswered(path))) {
    return renderUnanswered(services, res, draft, errors);
  }
  await renderReview(services, req, res.status(422), draft, draft.asked, { problem: null, errors });
}

function isAnswered(path: string): boolean {
  return path.startsWith('answers') || details.some((detail) => detail.path === path);
}

async function renderSlotTaken(
  services: Needs,
  req: Request,
  res: Response,
  draft: AskedDraft,
  { startsAt, nearest }: Extract<BookFailure, { reason: 'slot_taken' }>,
): Promise<void> {
  const zone = draft.specialist.timezone;
  const readerZone = readerZoneOf(req.headers.cookie);
  const page: SlotTakenPage = {
    title: 'That time has just been taken',
    steps: stepsAt('check', draft.id),
    ...takenWords({ startsAt, nearest }, zone, readerZone),
    specialistName: draft.specialist.name,
    keeps: null,
    others: await othersNear(
      services,
      { specialist: draft.specialist, type: draft.service.type, startsAt },
      { readerZone, personId: draft.owner.userId },
    ),
    draftId: draft.id,
    chooseAction: paths.draftTime(draft.id),
    otherHref: paths.draftTime(draft.id),
    sections: draftSections(draft, draft.asked, readerZone).filter(({ id }) => id !== 'summary-time'),
  };
  res.status(409).render('bookings/slot-taken', page);
}
