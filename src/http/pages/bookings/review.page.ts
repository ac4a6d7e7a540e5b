import type { Request, Response } from 'express';
import type { AskedQuestions } from '../../../questions/index.ts';
import { zonePlaceName } from '../../../lib/dates.ts';
import { actorOf } from '../../actor.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import type { PageRoute } from '../../endpoint.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import { timeAndDay } from '../when.ts';
import { answerErrors, questionsOf } from './draft-questions.ts';
import { draftSections, type SummarySection } from './draft-summary.ts';
import { openDraft, stepsAt, type JourneyPage, type OpenDraft } from './journey.ts';

export interface ReviewPage extends JourneyPage {
  draftId: string;
  idempotencyKey: string;
  sections: SummarySection[];
  /** Upcoming examinations of the same person. */
  others: { href: string; reference: string; words: string }[];
  /** Why the last attempt to book failed. */
  problem: { title: string; text: string } | null;
}

type Needs = Pick<PageServices, 'specialists' | 'drafts' | 'questions' | 'sameExaminee'>;

export function reviewPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/new/:draftId/check',
      access: 'referrer',
      handle: async (req, res) => {
        const draft = await openDraft(services, req as Request<{ draftId: string }>, res, 'check');
        if (!draft) return;
        const asked = await questionsOf(services, draft);
        // The specialist or Acuity's form has changed since the questions were answered.
        if (answerErrors(asked, draft).length > 0) return res.redirect(303, paths.draftUnanswered(draft.id));
        await renderReview(services, req, res, draft, asked);
      },
    },
  ];
}

export async function renderReview(
  { sameExaminee }: Pick<Needs, 'sameExaminee'>,
  req: Request,
  res: Response,
  draft: OpenDraft,
  asked: AskedQuestions | null,
  why: Pick<ReviewPage, 'problem' | 'errors'> = { problem: null },
): Promise<void> {
  const others = await sameExaminee.find(actorOf(req, res).viewer, draft.data);
  const page: ReviewPage = {
    title: 'Check your answers',
    ...why,
    steps: stepsAt('check', draft.id),
    draftId: draft.id,
    idempotencyKey: draft.data.idempotencyKey,
    others: others.map((booking) => ({
      href: paths.booking(booking.id),
      reference: booking.reference,
      words: `${booking.specialist.name}, ${timeAndDay(booking.startsAt, booking.timezone)} (${zonePlaceName(booking.timezone)})`,
    })),
    sections: draftSections(draft, asked, readerZoneOf(req.headers.cookie)),
  };
  res.render('bookings/check', page);
}
