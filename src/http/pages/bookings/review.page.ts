import type { Request, Response } from 'express';
import { readerZoneOf } from '../../forms/fields.ts';
import type { PageRoute } from '../../endpoint.ts';
import type { PageServices } from '../page-services.ts';
import { draftSections, type SummarySection } from './draft-summary.ts';
import { openDraft, stepsAt, type JourneyPage, type OpenDraft } from './journey.ts';

export interface ReviewPage extends JourneyPage {
  draftId: string;
  idempotencyKey: string;
  sections: SummarySection[];
  /** Why the booking was not made, when it was tried. */
  problem: { title: string; text: string } | null;
}

export function reviewPages(services: Pick<PageServices, 'specialists' | 'drafts'>): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/new/:draftId/check',
      access: 'referrer',
      handle: async (req, res) => {
        const draft = await openDraft(services, req as Request<{ draftId: string }>, res, 'check');
        if (draft) renderReview(req, res, draft);
      },
    },
  ];
}

export function renderReview(
  req: Request,
  res: Response,
  draft: OpenDraft,
  why: Pick<ReviewPage, 'problem' | 'errors'> = { problem: null },
): void {
  const page: ReviewPage = {
    title: 'Check your answers',
    ...why,
    steps: stepsAt('check', draft.id),
    draftId: draft.id,
    idempotencyKey: draft.data.idempotencyKey,
    sections: draftSections(draft, readerZoneOf(req.headers.cookie)),
  };
  res.render('bookings/check', page);
}
