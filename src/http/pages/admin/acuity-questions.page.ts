// Maps questions of Acuity's forms to our details: suggested by their texts, saved by an admin.
import type { Request, Response } from 'express';
import type { FieldError } from '../../../lib/result.ts';
import type { Mapping, MappingFailure, MappingView } from '../../../questions/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf, rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { forbidden } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';
import {
  detailRows,
  formSections,
  referenceGap,
  removedRows,
  type Choices,
  type DetailRow,
  type FormSection,
  type QuestionRow,
  type ReferenceGap,
} from './acuity-questions.rows.ts';

export interface AcuityQuestionsPage extends PageData {
  /** Whether there is anything to choose. */
  areKnown: boolean;
  /** When Acuity's forms were read; `isStale`: they cannot be read at the moment. */
  read: { at: string; isStale: boolean } | null;
  saved: string | null;
  done: string | null;
  referenceGap: ReferenceGap | null;
  details: DetailRow[];
  forms: FormSection[];
  removed: QuestionRow[];
  hasSuggestions: boolean;
  token: string;
}

export function acuityQuestionPages({ mapping }: { mapping: Mapping }): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.acuityQuestions(),
      access: 'admin',
      handle: async (req, res) => show(req, res, await mapping.read()),
    },
    {
      method: 'post',
      path: paths.acuityQuestionsRead(),
      access: 'admin',
      async handle(_req, res) {
        const { isStale } = await mapping.readAgain();
        res.redirect(303, paths.acuityQuestions(isStale ? 'unread' : 'read'));
      },
    },
    {
      method: 'post',
      path: paths.acuityQuestions(),
      access: 'admin',
      handle: (req, res) => save(mapping, req, res),
    },
  ];
}

async function save(mapping: Mapping, req: Request, res: Response): Promise<void> {
  const choices = choicesIn(req.body);
  const saved = await mapping.save(actorOf(req, res), { token: typed(req.body, 'token'), choices });
  if (saved.ok) return res.redirect(303, paths.acuityQuestions('saved'));
  if (saved.reason === 'forbidden') throw forbidden();
  const view = await mapping.read();
  const errors = errorsOf(saved, view);
  show(req, res.status(saved.reason === 'invalid' ? 422 : 409), view, { errors, choices });
}

function choicesIn(body: unknown): Choices {
  const names = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  return new Map(
    names.flatMap((name) => {
      const id = /^field-([1-9]\d{0,14})$/.exec(name)?.[1];
      const value: unknown = rawField(body, name);
      // A name that was sent twice becomes a choice that does not exist.
      return id ? [[Number(id), typeof value === 'string' ? value : 'twice'] as const] : [];
    }),
  );
}

function errorsOf(
  failure: Exclude<MappingFailure, { reason: 'forbidden' }>,
  view: MappingView,
): FieldError[] {
  switch (failure.reason) {
    case 'invalid':
      return failure.errors;
    case 'never_read':
      return [{ path: '', message: 'Acuity’s questions have never been read: read Acuity again first' }];
    case 'questions_changed':
      return [
        {
          path: '',
          message:
            'Acuity’s questions changed while you had this page open. Your choices are kept below: check the marked questions, then save again',
        },
      ];
    case 'stale':
      break;
  }
  const by =
    failure.by === null ? 'The mapping was changed in the database' : `${failure.by} saved other choices`;
  const question = (id: number | null) =>
    id === null ? 'no question' : `“${nameOf(view, id) ?? `Question ${id}`}”`;
  return [
    {
      path: '',
      message: `${by} after you opened this page. Your choices are kept below: check them, then save again to replace what is saved`,
    },
    ...failure.changed.map(({ label, from, to }) => ({
      path: '',
      message: `${label}: ${question(from)} became ${question(to)}`,
    })),
  ];
}

function nameOf({ forms, removed }: MappingView, id: number): string | null {
  const fields = [...(forms ?? []).flatMap((form) => form.fields), ...removed];
  return fields.find((field) => field.id === id)?.name ?? null;
}

function show(
  req: Request,
  res: Response,
  view: MappingView,
  { errors = [], choices = null }: { errors?: FieldError[]; choices?: Choices | null } = {},
): void {
  const zone = pageZoneOf(req);
  const forms = formSections(view, choices);
  const page: AcuityQuestionsPage = {
    title: 'Acuity questions',
    errors,
    areKnown: view.forms !== null,
    read: view.asOf && {
      at: timeAndDay(view.asOf, zone),
      isStale: view.isStale || 'unread' in req.query,
    },
    saved: view.saved && `Saved ${timeAndDay(view.saved.at, zone)}, by ${view.saved.by}.`,
    done: errors.length > 0 ? null : doneWords(req.query),
    referenceGap: referenceGap(view),
    details: detailRows(view),
    forms,
    removed: removedRows(view, choices),
    hasSuggestions: forms.some(({ rows }) => rows.some(({ isPreselected }) => isPreselected)),
    token: view.token,
  };
  res.render('admin/acuity-questions', page);
}

function doneWords(query: Request['query']): string | null {
  if ('saved' in query) return 'Saved. It applies to every booking from now on.';
  return 'read' in query ? 'Acuity’s questions were read just now.' : null;
}
