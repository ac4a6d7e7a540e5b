// The waiting page after Acuity's answer was lost: polls until the attempt is settled, then redirects to the outcome.
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { AttemptState } from '../../../attempts/index.ts';
import { idSchema, withoutDetails, type DraftOwner } from '../../../bookings/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, pageZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, parse } from '../../problem.ts';
import { wantsFragment } from '../../respond.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { timeAndDay } from '../when.ts';

export interface AttemptPage extends PageData {
  isOpen: boolean;
  here: string;
  /** While the attempt is open: what was requested of the calendar. */
  asked: { before: string; strong: string; after: string } | null;
  /** Set while the attempt is open. */
  dontRepeat: string;
  /** Reloads the page without JavaScript. */
  refreshSeconds: number | null;
  failedTitle: string;
  failedText: string;
  /** What has to be answered before the next attempt. */
  asks: string[];
  back: { href: string; text: string };
}

type Needs = Pick<PageServices, 'attempts' | 'drafts' | 'specialists' | 'ids'>;

const querySchema = z.object({
  /** Where the reader came from: the draft that was confirmed, or the booking to be changed. */
  draft: blankAsAbsent(idSchema),
  booking: blankAsAbsent(idSchema),
});
type CameFrom = z.output<typeof querySchema>;

export function attemptPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/attempts/:attemptId',
      access: 'session',
      isPolled: true,
      handle: (req, res) => showAttempt(services, req as Request<{ attemptId: string }>, res),
    },
  ];
}

async function showAttempt(
  services: Needs,
  req: Request<{ attemptId: string }>,
  res: Response,
): Promise<void> {
  const cameFrom = parse(querySchema, req.query);
  const actor = actorOf(req, res);
  const { attemptId } = req.params;
  const attempt = await services.attempts.find(actor, attemptId);
  if (!attempt) throw notFound();
  if (attempt.state === 'completed') {
    const url = cameFrom.booking
      ? paths.booking(attempt.bookingId)
      : paths.bookingConfirmed(attempt.bookingId);
    if (cameFrom.draft) await finishDraft(services, actor.viewer, cameFrom.draft, attempt.bookingId);
    return wantsFragment(req) ? void res.set('HX-Redirect', url).status(200).end() : res.redirect(303, url);
  }
  if (attempt.state === 'failed' && cameFrom.draft) {
    await services.drafts.update(actor.viewer, cameFrom.draft, { idempotencyKey: services.ids.uuid() });
  }
  const page = pageOf(
    attempt,
    withQuery(paths.bookingAttempt(attemptId), cameFrom),
    cameFrom,
    attempt.state === 'open' ? await askedWords(services, attempt, req) : null,
  );
  res.render(wantsFragment(req) ? 'bookings/_attempt' : 'bookings/attempt', page);
}

/** With a time in the examination's own zone. */
async function askedWords(
  { specialists }: Needs,
  { kind, specialistId, startsAt }: Extract<AttemptState, { state: 'open' }>,
  req: Request,
): Promise<NonNullable<AttemptPage['asked']>> {
  if (!startsAt)
    return { before: 'We asked the specialist’s calendar to ', strong: 'cancel the examination', after: '' };
  const zone = (await specialists.findById(specialistId))?.timezone ?? pageZoneOf(req);
  const when = `${timeAndDay(startsAt, zone)}, ${zoneName(zone, startsAt)}`;
  return kind === 'book'
    ? { before: 'We sent ', strong: when, after: ' to the specialist’s calendar' }
    : { before: 'We asked the specialist’s calendar to move the examination to ', strong: when, after: '' };
}

async function finishDraft(
  services: Needs,
  owner: DraftOwner,
  draftId: string,
  bookingId: string,
): Promise<void> {
  const done = { bookingId, ...withoutDetails() };
  await services.drafts.update(owner, draftId, done);
}

function pageOf(
  attempt: Exclude<AttemptState, { state: 'completed' }>,
  here: string,
  cameFrom: CameFrom,
  asked: AttemptPage['asked'],
): AttemptPage {
  const isOpen = attempt.state === 'open';
  const reason = attempt.state === 'failed' ? attempt.failure.reason : null;
  return {
    title: isOpen ? 'We are checking whether it worked' : 'It did not work',
    isOpen,
    here,
    asked,
    dontRepeat: cameFrom.booking ? 'Please do not ask for it again' : 'Please do not book again',
    refreshSeconds: isOpen ? 5 : null,
    failedTitle: cameFrom.booking ? 'The booking was not changed' : 'Nothing was booked',
    failedText: failedWords[reason ?? ''] ?? notAccepted,
    asks: attempt.state === 'failed' ? (attempt.failure.errors ?? []).map(({ message }) => message) : [],
    back: backLink(cameFrom, reason),
  };
}

const failedWords: Record<string, string> = {
  slot_taken: 'Somebody else has taken the time in the meantime.',
  acuity_unavailable:
    'The specialist’s calendar could not be reached in time. We have checked that it did nothing; you can try again.',
  already_cancelled: 'The examination is cancelled in the specialist’s calendar.',
  invalid:
    'The specialist’s form has new questions since you answered it. Answer them in the step “Examinee”, then confirm again:',
};
const notAccepted =
  'The specialist’s calendar did not accept the request; we have checked. You can try again.';

function backLink({ draft, booking }: CameFrom, reason: string | null): AttemptPage['back'] {
  if (booking) return { href: paths.booking(booking), text: 'Back to the booking' };
  if (!draft) return { href: paths.newBooking(), text: 'Start a new booking' };
  if (reason === 'slot_taken') return { href: paths.draftTime(draft), text: 'Choose another time' };
  return reason === 'invalid'
    ? { href: paths.draftUnanswered(draft), text: 'Answer the questions' }
    : { href: paths.draftReview(draft), text: 'Back to your answers' };
}
