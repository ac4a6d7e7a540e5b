import type { Request, Response } from 'express';
import type { PageRoute } from '../../endpoint.ts';
import {
  detailRows,
  examineeFormValues,
  parseExamineeForm,
  type DetailField,
  type ExamineeFormValues,
} from '../../forms/examinee.form.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import {
  choiceOf,
  openDraft,
  renderExpired,
  stepsAt,
  type Choice,
  type JourneyPage,
  type OpenDraft,
} from './journey.ts';

export interface ExamineePage extends JourneyPage {
  draftId: string;
  choice: Choice;
  /** Row by row. */
  rows: DetailField[][];
  /** As typed. */
  values: ExamineeFormValues;
}

type Needs = Pick<PageServices, 'specialists' | 'drafts' | 'ids'>;
type DraftRequest = Request<{ draftId: string }>;

export function examineePages(services: Needs): PageRoute[] {
  const path = '/bookings/new/:draftId/examinee';
  return [
    {
      method: 'get',
      path,
      access: 'referrer',
      handle: (req, res) => showExaminee(services, req as DraftRequest, res),
    },
    {
      method: 'post',
      path,
      access: 'referrer',
      handle: (req, res) => saveExaminee(services, req as DraftRequest, res),
    },
  ];
}

async function showExaminee(services: Needs, req: DraftRequest, res: Response): Promise<void> {
  const draft = await openDraft(services, req, res, 'examinee');
  if (draft) render(res, draft, examineeFormValues(draft.data));
}

async function saveExaminee(services: Needs, req: DraftRequest, res: Response): Promise<void> {
  const draft = await openDraft(services, req, res, 'examinee');
  if (!draft) return;
  const form = parseExamineeForm(req.body);
  if (!form.ok) return render(res.status(422), draft, form.values, form.errors);
  const saved = await services.drafts.update(draft.owner, draft.id, {
    ...form.draft,
    idempotencyKey: services.ids.uuid(),
  });
  if (!saved) return renderExpired(res);
  res.redirect(303, paths.draftReview(draft.id));
}

function render(
  res: Response,
  draft: OpenDraft,
  values: ExamineeFormValues,
  errors: { path: string; message: string }[] = [],
): void {
  const page: ExamineePage = {
    title: 'Who is to be examined?',
    errors,
    steps: stepsAt('examinee', draft.id),
    draftId: draft.id,
    choice: choiceOf(draft, 'examinee'),
    rows: detailRows(),
    values,
  };
  res.render('bookings/examinee', page);
}
