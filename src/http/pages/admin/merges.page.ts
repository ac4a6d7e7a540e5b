// Merges two records of the same referrer or organisation: preview, merge, undo within 30 days.
import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  undoDays,
  type Merge,
  type MergeFailure,
  type MergePreview,
  type MovedColumn,
  type UndoFailure,
} from '../../../merging/index.ts';
import { typedProse } from '../../../lib/typed-input.ts';
import { tidyLine } from '../../../lib/typed-text.ts';
import type { FieldError } from '../../../lib/result.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, pageZoneOf, rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import type { PageServices } from '../page-services.ts';
import { timeAndDay } from '../when.ts';

export interface MergesPage extends PageData {
  values: { kind: string; from: string; into: string };
  merges: {
    id: string;
    kind: string;
    from: string;
    into: string;
    reason: string;
    made: string;
    state: string;
    canUndo: boolean;
  }[];
  done: string | null;
}

export interface MergePreviewPage extends PageData {
  preview: MergePreview;
  moves: { what: string; count: number }[];
  values: { reason: string };
}

const requestSchema = z.object({
  kind: z.enum(['referrer', 'organization'], 'Choose what you want to merge'),
  from: z
    .string('Enter the record to merge')
    .overwrite(tidyLine)
    .min(1, 'Enter the record to merge')
    .max(200, 'Is too long'),
  into: z
    .string('Enter the record to keep')
    .overwrite(tidyLine)
    .min(1, 'Enter the record to keep')
    .max(200, 'Is too long'),
});
const reasonSchema = z.object({
  reason: typedProse('Enter a reason').min(1, 'Enter a reason').max(500, 'Use at most 500 characters'),
});

const columnWords: Record<MovedColumn, string> = {
  'bookings.created_by_id': 'Bookings',
  'booking_progress.changed_by_id': 'Progress entries',
  'documents.uploaded_by_id': 'Documents',
  'booking_messages.created_by_id': 'Messages',
  'wait_entries.created_by_id': 'Wait-list entries',
  'members.organization_id': 'Members',
  'bookings.organization_id': 'Bookings',
  'invitations.organization_id': 'Invitations',
  'account_links.organization_id': 'Invitations',
  'wait_entries.organization_id': 'Wait-list entries',
};

type Services = Pick<PageServices, 'merges' | 'clock'>;

export function mergePages(services: Services): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/admin/merges',
      access: 'admin',
      handle: (req, res) => show(services, req, res, []),
    },
    {
      method: 'post',
      path: '/admin/merges/preview',
      access: 'admin',
      handle: (req, res) => preview(services, req, res),
    },
    {
      method: 'post',
      path: '/admin/merges',
      access: 'admin',
      handle: (req, res) => merge(services, req, res),
    },
    {
      method: 'post',
      path: '/admin/merges/:id/undo',
      access: 'admin',
      handle: (req, res) => undo(services, req, res),
    },
  ];
}

async function preview(services: Services, req: Request, res: Response): Promise<void> {
  const request = requestSchema.safeParse(fieldsOf(req.body));
  if (!request.success) return show(services, req, res.status(422), fieldErrors(request.error));
  const found = await services.merges.preview(request.data);
  if (!found.ok) return show(services, req, res.status(422), [errorOf(found)]);
  showPreview(res, found.value, '', []);
}

async function merge(services: Services, req: Request, res: Response): Promise<void> {
  const request = requestSchema.safeParse(fieldsOf(req.body));
  if (!request.success) return show(services, req, res.status(422), fieldErrors(request.error));
  const reason = reasonSchema.safeParse({ reason: rawField(req.body, 'reason') });
  if (!reason.success) {
    const found = await services.merges.preview(request.data);
    if (!found.ok) return show(services, req, res.status(422), [errorOf(found)]);
    return showPreview(res.status(422), found.value, typed(req.body, 'reason'), fieldErrors(reason.error));
  }
  const made = await services.merges.merge(actorOf(req, res), request.data, reason.data.reason);
  if (!made.ok) return show(services, req, res.status(409), [errorOf(made)]);
  res.redirect(303, `${paths.merges()}?merged`);
}

async function undo(services: Services, req: Request, res: Response): Promise<void> {
  const undone = await services.merges.undo(actorOf(req, res), String(req.params.id));
  if (undone.ok) return res.redirect(303, `${paths.merges()}?undone`);
  if (undone.reason === 'not_found') throw notFound();
  return show(services, req, res.status(409), [{ path: '', message: undoWords[undone.reason] }]);
}

const undoWords: Record<Exclude<UndoFailure['reason'], 'not_found'>, string> = {
  undone_already: 'This merge has been undone already',
  too_late: `A merge can be undone for ${undoDays} days; this one is older`,
  merged_on: 'The remaining record has been merged again since: undo that merge first',
  changed_since: 'Moved records have changed since, so they cannot be moved back: nothing has been undone',
};

function errorOf(failure: MergeFailure): FieldError {
  if (failure.reason === 'unknown') return { path: failure.which, message: unknownRecord };
  return mergeWords[failure.reason];
}

const unknownRecord =
  'No such record: enter the e-mail address of a referrer, or the name of an organisation';

const mergeWords: Record<Exclude<MergeFailure['reason'], 'unknown'>, FieldError> = {
  same: { path: 'into', message: 'These are the same record: enter another' },
  other_organization: {
    path: 'into',
    message: 'They belong to different organisations: merge the organisations first, or choose another',
  },
  merged_already: { path: 'from', message: 'One of them has been merged already: undo that first' },
};

function fieldsOf(body: unknown): Record<string, unknown> {
  return { kind: rawField(body, 'kind'), from: rawField(body, 'from'), into: rawField(body, 'into') };
}

async function show(services: Services, req: Request, res: Response, errors: FieldError[]): Promise<void> {
  const zone = pageZoneOf(req);
  const now = services.clock.now();
  const page: MergesPage = {
    title: 'Merge records',
    errors,
    values: {
      kind: typed(req.body, 'kind') || 'referrer',
      from: typed(req.body, 'from'),
      into: typed(req.body, 'into'),
    },
    merges: (await services.merges.list()).map((row) => rowOf(row, zone, now)),
    done: doneWords(req.query),
  };
  res.render('admin/merges', page);
}

function doneWords(query: Request['query']): string | null {
  if ('merged' in query) return 'Merged';
  return 'undone' in query ? 'The merge is undone' : null;
}

function rowOf(row: Merge, zone: string, now: Date): MergesPage['merges'][number] {
  const canUndo = row.undoUntil !== null && row.undoUntil > now;
  return {
    id: row.id,
    kind: row.kind === 'referrer' ? 'Referrer' : 'Organisation',
    from: row.from.name,
    into: row.into.name,
    reason: row.reason,
    made: `${timeAndDay(row.madeAt, zone)}, by ${row.madeBy.name}`,
    state: stateWords(row, zone, canUndo),
    canUndo,
  };
}

function stateWords({ undoneAt, undoUntil }: Merge, zone: string, canUndo: boolean): string {
  if (undoneAt) return `Undone ${timeAndDay(undoneAt, zone)}`;
  return canUndo && undoUntil ? `Can be undone until ${timeAndDay(undoUntil, zone)}` : 'Final';
}

function showPreview(res: Response, found: MergePreview, reason: string, errors: FieldError[]): void {
  const page: MergePreviewPage = {
    title: `Merge ${found.from.name} into ${found.into.name}`,
    errors,
    preview: found,
    moves: inWords(found),
    values: { reason },
  };
  res.render('admin/merge-preview', page);
}

function inWords({ moves }: MergePreview): { what: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { column, count } of moves) {
    const what = columnWords[column];
    counts.set(what, (counts.get(what) ?? 0) + count);
  }
  return [...counts].filter(([, count]) => count > 0).map(([what, count]) => ({ what, count }));
}
