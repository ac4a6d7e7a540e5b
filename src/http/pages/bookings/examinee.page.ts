import type { Request, Response } from 'express';
import { examineeName, type DraftData } from '../../../bookings/index.ts';
import type { FieldError } from '../../../lib/result.ts';
import { readAnswers, type AskedQuestions } from '../../../questions/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import {
  detailRows,
  examineeFormValues,
  parseExamineeForm,
  type DetailField,
  type ExamineeFormValues,
} from '../../forms/examinee.form.ts';
import {
  questionSections,
  typedAnswers,
  type QuestionSection,
  type TypedAnswer,
} from '../../forms/questions.form.ts';
import { typed } from '../../forms/fields.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { paths } from '../../paths.ts';
import type { PageServices } from '../page-services.ts';
import { answerErrors, questionsOf, requiredNames, staleWords } from './draft-questions.ts';
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
  /** The inputs, row by row. */
  rows: DetailField[][];
  /** The state of the draft, sent with what is kept while somebody types. The server ignores a form of an earlier state. */
  keepsFor: string;
  /** Names this page, and the page whose details it shows: sent with the form. */
  seen: string;
  /** The details were sent by another page meanwhile: whose they are now. */
  conflict: { examinee: string } | null;
  /** As typed. */
  values: ExamineeFormValues;
  /** Acuity's own questions, form by form. */
  questions: QuestionSection[];
  /** The notice to show when Acuity cannot be read. */
  staleWords: string | null;
}

type Needs = Pick<PageServices, 'specialists' | 'drafts' | 'questions' | 'ids'>;
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
  if (!draft) return;
  const asked = await questionsOf(services, draft);
  // A later step redirects here with `unanswered`: show what is missing.
  const errors = req.query.unanswered === undefined ? [] : answerErrors(asked, draft);
  // A kept form is filled in on this page: the page goes on as the one that sent it.
  const seen = typed(keptFormOf(res, paths.draftExaminee(draft.id))?.fields, 'seen');
  render(services, res, draft, asked, { errors, seen, isStale: isStale(draft, seen) });
}

async function saveExaminee(services: Needs, req: DraftRequest, res: Response): Promise<void> {
  const draft = await openDraft(services, req, res, 'examinee');
  if (!draft) return;
  const asked = await questionsOf(services, draft);
  const forms = asked?.forms ?? [];
  const answers = typedAnswers(forms, req.body);
  const form = parseExamineeForm(req.body, requiredNames(asked));
  const keptFor = typed(req.body, 'keptFor');
  if (keptFor !== '') {
    await services.drafts.keepTyped(draft.owner, draft.id, keptFor, { values: form.values, answers });
    return void res.status(204).end();
  }
  if (typed(req.body, 'separate') !== '')
    return startSeparate(services, res, draft, { values: form.values, answers });
  const seen = typed(req.body, 'seen');
  if (isStale(draft, seen)) {
    const shown = { values: form.values, answers, errors: [], isStale: true };
    return render(services, res.status(409), draft, asked, shown);
  }
  const read = readAnswers(forms, answers);
  if (!form.ok || !read.ok) {
    const errors = [...(form.ok ? [] : form.errors), ...(read.ok ? [] : read.errors)];
    return render(services, res.status(422), draft, asked, { values: form.values, answers, errors });
  }
  const saved = await services.drafts.update(draft.owner, draft.id, {
    ...form.draft,
    answers,
    typed: undefined,
    savedBy: seen === '' ? undefined : pageOf(seen),
    idempotencyKey: services.ids.uuid(),
  });
  if (!saved) return renderExpired(res);
  res.redirect(303, paths.draftReview(draft.id));
}

const pageOf = (seen: string) => seen.split(' ')[0] ?? '';

/** Whether another page sent details since the page was shown that this is `seen` of. The same page may send again. */
function isStale({ data }: OpenDraft, seen: string): boolean {
  const [page, before = ''] = seen.split(' ');
  const { savedBy = '' } = data;
  return seen !== '' && savedBy !== page && savedBy !== before;
}

/** Begins another draft with the same specialist for what was entered; the time is the first draft's. */
async function startSeparate(
  { drafts }: Needs,
  res: Response,
  { owner, specialist, service }: OpenDraft,
  entered: NonNullable<DraftData['typed']>,
): Promise<void> {
  const { id } = await drafts.create(owner, {
    specialistId: specialist.id,
    type: service.type,
    typed: entered,
  });
  res.redirect(303, paths.draftTime(id));
}

/** Shows this step again after a refused confirmation, with the questions to answer. */
export async function renderUnanswered(
  services: Needs,
  res: Response,
  draft: OpenDraft,
  given: FieldError[],
): Promise<void> {
  const asked = await questionsOf(services, draft);
  const onPage = new Set([
    ...detailRows().flatMap((row) => row.map(({ path }) => path)),
    ...questionSections(asked?.forms ?? [], []).flatMap(({ fields }) => fields.map(({ path }) => path)),
  ]);
  const errors = given.map(({ path, message }) => ({
    path: path.startsWith('answers.') ? path : path.slice(path.lastIndexOf('.') + 1),
    message,
  }));
  const shown = errors.filter(({ path }) => onPage.has(path));
  const changed = { path: '', message: 'The specialist’s form has changed: check the answers and continue' };
  render(services, res.status(422), draft, asked, { errors: shown.length > 0 ? shown : [changed] });
}

interface Shown {
  values?: ExamineeFormValues;
  answers?: TypedAnswer[];
  errors: FieldError[];
  /** Of the page that this one replaces. */
  seen?: string;
  isStale?: boolean;
}

function render(
  { ids }: Needs,
  res: Response,
  draft: OpenDraft,
  asked: AskedQuestions | null,
  { errors, values, answers, seen = '', isStale: isConflict = false }: Shown,
): void {
  const page: ExamineePage = {
    title: 'Who is being examined?',
    errors,
    steps: stepsAt('examinee', draft.id),
    draftId: draft.id,
    choice: choiceOf(draft, 'examinee'),
    rows: detailRows(requiredNames(asked)),
    keepsFor: draft.data.idempotencyKey,
    seen: seen === '' || isConflict ? `${ids.uuid()} ${draft.data.savedBy ?? ''}` : seen,
    conflict: isConflict
      ? { examinee: examineeName(draft.data.examinee ?? { firstName: '', lastName: '' }) }
      : null,
    values: values ?? draft.data.typed?.values ?? examineeFormValues(draft.data),
    questions: questionSections(
      asked?.forms ?? [],
      answers ?? draft.data.typed?.answers ?? draft.data.answers ?? [],
    ),
    staleWords: staleWords(asked, draft.specialist.timezone),
  };
  res.render('bookings/examinee', page);
}
