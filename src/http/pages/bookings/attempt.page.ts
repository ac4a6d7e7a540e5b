// Where one waits when Acuity's answer was lost: it asks until the attempt is settled, and then goes where it ended.
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { AttemptState } from '../../../attempts/index.ts';
import { idSchema, withoutDetails, type DraftOwner } from '../../../bookings/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { blankAsAbsent, readerZoneOf } from '../../forms/fields.ts';
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
  /** While it is open: the time that was asked for, in a zone that is named. */
  when: string;
  /** Without JavaScript the page asks again by itself. */
  refreshSeconds: number | null;
  failedTitle: string;
  failedText: string;
  /** What has to be answered before it is tried again. */
  asks: string[];
  back: { href: string; text: string };
}

type Needs = Pick<PageServices, 'attempts' | 'drafts' | 'specialists' | 'ids'>;

const querySchema = z.object({
  /** The draft it was confirmed from, or the booking that was to be changed: the way back. */
  draft: blankAsAbsent(idSchema),
  booking: blankAsAbsent(idSchema),
});
type Way = z.output<typeof querySchema>;

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
  const way = parse(querySchema, req.query);
  const actor = actorOf(req, res);
  const { attemptId } = req.params;
  const attempt = await services.attempts.find(actor, attemptId);
  if (!attempt) throw notFound();
  if (attempt.state === 'completed') {
    const url = way.booking ? paths.booking(attempt.bookingId) : paths.bookingConfirmed(attempt.bookingId);
    if (way.draft) await finishDraft(services, actor.viewer, way.draft, attempt.bookingId);
    return wantsFragment(req) ? void res.set('HX-Redirect', url).status(200).end() : res.redirect(303, url);
  }
  if (attempt.state === 'failed' && way.draft) {
    await services.drafts.update(actor.viewer, way.draft, { idempotencyKey: services.ids.uuid() });
  }
  const page = pageOf(
    attempt,
    withQuery(paths.bookingAttempt(attemptId), way),
    way,
    await zoneToShow(services, actor.viewer, way, req),
  );
  res.render(wantsFragment(req) ? 'bookings/_attempt' : 'bookings/attempt', page);
}

/** The examination's own zone as far as the draft still knows it, else the reader's. */
async function zoneToShow(services: Needs, owner: DraftOwner, { draft }: Way, req: Request): Promise<string> {
  const data = draft ? await services.drafts.find(owner, draft) : null;
  const specialist = data?.specialistId ? await services.specialists.findById(data.specialistId) : null;
  return specialist?.timezone ?? readerZoneOf(req.headers.cookie) ?? 'UTC';
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
  way: Way,
  zone: string,
): AttemptPage {
  const isOpen = attempt.state === 'open';
  const reason = attempt.state === 'failed' ? attempt.failure.reason : null;
  return {
    title: isOpen ? 'We are checking whether it worked' : 'It did not work',
    isOpen,
    here,
    when: isOpen ? `${timeAndDay(attempt.startsAt, zone)}, ${zoneName(zone, attempt.startsAt)}` : '',
    refreshSeconds: isOpen ? 5 : null,
    failedTitle: way.booking ? 'The booking was not changed' : 'Nothing was booked',
    failedText: failedWords[reason ?? ''] ?? notTaken,
    asks: attempt.state === 'failed' ? (attempt.failure.errors ?? []).map(({ message }) => message) : [],
    back: wayBack(way, reason),
  };
}

const failedWords: Record<string, string> = {
  slot_taken: 'Somebody else has taken the time in the meantime.',
  invalid:
    'The specialist’s form has new questions since you answered it. Answer them in the step “Examinee”, then confirm again:',
};
const notTaken = 'The specialist’s calendar did not accept the request; we have checked. You can try again.';

function wayBack({ draft, booking }: Way, reason: string | null): AttemptPage['back'] {
  if (booking) return { href: paths.booking(booking), text: 'Back to the booking' };
  if (!draft) return { href: paths.newBooking(), text: 'Start a new booking' };
  if (reason === 'slot_taken') return { href: paths.draftTime(draft), text: 'Choose another time' };
  return reason === 'invalid'
    ? { href: paths.draftUnanswered(draft), text: 'Answer the questions' }
    : { href: paths.draftReview(draft), text: 'Back to your answers' };
}
