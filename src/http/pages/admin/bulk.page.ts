// One action for many records of the console: the count first, then the progress, then what was skipped and why.
import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  bulkKinds,
  mayDoInBulk,
  mostAtOnce,
  mostTries,
  type BulkAction,
  type BulkFailure,
  type BulkInput,
  type BulkKind,
} from '../../../bulk/index.ts';
import { assignableOrganizations } from '../../../bookings/index.ts';
import { bulkParts, listForBulk, titlesOf, type Filters } from '../../../console/index.ts';
import type { FoundReferrer } from '../../../impersonation/index.ts';
import { actorOf } from '../../actor.ts';
import { filtersOf } from '../../console/console.query.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf, rawField, typed } from '../../forms/fields.ts';
import { createSealedSearch, type SealedSearch } from '../../forms/sealed-search.ts';
import { paths } from '../../paths.ts';
import { badRequest, forbidden, notFound, parse, type FieldProblem } from '../../problem.ts';
import { isFragmentPoll } from '../../respond.ts';
import type { PageData } from '../../views.ts';
import type { PageServices } from '../page-services.ts';
import { stamp } from '../when.ts';

export interface BulkPage extends PageData {
  id: string;
  state: BulkAction['state'];
  action: string;
  /** `37 bookings` */
  records: string;
  list: { label: string; href: string };
  counts: BulkAction['counts'] & { total: number };
  triedAlready: number;
  /** Null when the action does not wait for the database. */
  pausedUntil: string | null;
  mostTries: number;
  /** `10,000 bookings`, when only that many of the matching records were listed; null when all were. */
  cutAt: string | null;
  skipped: { reason: string; count: string; records: { title: string; href: string }[]; more: number }[];
  madeBy: string;
  made: string;
  ended: string | null;
  /** Null: the action needs nobody to be chosen. */
  referrer: { query: string; found: FoundReferrer[]; chosenId: string | null; isSearched: boolean } | null;
  /** Null when no organisation has to be chosen. */
  organizations: { id: string; name: string }[] | null;
  mayBegin: boolean;
  chosen: { label: string; name: string } | null;
  refreshSeconds: number | null;
}

type Services = Pick<PageServices, 'db' | 'bulkActions' | 'impersonation' | 'config'>;

const choosesReferrer = (kind: BulkKind): boolean => kind === 'bookings/assign';
const choosesOrganization = (kind: BulkKind): boolean => kind === 'bookings/assign-organization';

export function bulkPages(services: Services): PageRoute[] {
  const sealed = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'post',
      path: '/admin/bulk',
      access: 'staff',
      handle: (req, res) => prepare(services, sealed, req, res),
    },
    {
      method: 'get',
      path: '/admin/bulk/:id',
      access: 'staff',
      isPolled: true,
      handle: (req, res) => open(services, req, res),
    },
    {
      method: 'post',
      path: '/admin/bulk/:id/start',
      access: 'staff',
      handle: (req, res) => begin(services, req, res),
    },
    {
      method: 'post',
      path: '/admin/bulk/:id/stop',
      access: 'staff',
      handle: (req, res) => stop(services, req, res),
    },
  ];
}

const request = z.object({
  kind: z.enum(bulkKinds, 'Choose what to do with the records'),
  /** `all`: what matches `query`, the query of the list’s address. */
  which: z.enum(['all', 'selected'], 'Choose which records'),
  ids: z
    .string()
    .max(40 * 500, 'Select at most 500 records, or all that match')
    .default(''),
  query: z.string().max(8_000).default(''),
});

async function prepare(
  { bulkActions }: Services,
  sealed: SealedSearch,
  req: Request,
  res: Response,
): Promise<void> {
  const { kind, which, ids, query } = parse(request, req.body ?? {});
  const actor = actorOf(req, res);
  if (!mayDoInBulk(actor, kind)) throw forbidden();
  const selected = ids.split(',').filter(Boolean);
  if (which === 'selected' && selected.length === 0)
    throw badRequest('No record is selected. Go back and select at least one.');
  const listed = which === 'all' ? { filters: filtersIn(req, res, sealed, kind, query) } : { ids: selected };
  const prepared = await bulkActions.prepare(actor, kind, (trx) =>
    listForBulk(trx, kind, actor.viewer.role, listed),
  );
  if (!prepared.ok) throw problemOf(prepared);
  res.redirect(303, paths.bulkAction(prepared.value));
}

/** The filters of a list’s address. Those of health information are sealed for this person. */
function filtersIn(
  req: Request,
  res: Response,
  sealed: SealedSearch,
  kind: BulkKind,
  address: string,
): Filters {
  const query = Object.fromEntries(
    [...new URLSearchParams(address)].filter(([name]) => name.startsWith('filters.')),
  );
  return filtersOf({ query, headers: req.headers }, res, bulkParts(kind).table, sealed);
}

async function actionOf({ bulkActions }: Services, req: Request, res: Response): Promise<BulkAction> {
  const action = await bulkActions.find(String(req.params.id));
  if (!action) throw notFound();
  if (!mayDoInBulk(actorOf(req, res), action.kind)) throw forbidden();
  return action;
}

async function open(services: Services, req: Request, res: Response): Promise<void> {
  const action = await actionOf(services, req, res);
  if (isFragmentPoll(req) && action.state !== 'running')
    return void res.set('HX-Redirect', paths.bulkAction(action.id)).end();
  await show(services, req, res, action);
}

async function begin(services: Services, req: Request, res: Response): Promise<void> {
  const action = await actionOf(services, req, res);
  const input: BulkInput = {};
  if (choosesReferrer(action.kind)) {
    const id = z.uuid().safeParse(rawField(req.body, 'referrerId'));
    const isSearch = rawField(req.body, 'find') !== undefined;
    if (isSearch) return show(services, req, res, action);
    const referrer = id.success ? await services.impersonation.find(id.data) : null;
    if (!referrer)
      return show(services, req, res.status(422), action, [
        { path: 'referrer', message: 'Find the referrer, and choose one' },
      ]);
    input.referrerId = referrer.id;
  }
  if (choosesOrganization(action.kind)) {
    const id = rawField(req.body, 'organizationId');
    const organization = (await assignableOrganizations(services.db)).find((one) => one.id === id);
    if (!organization)
      return show(services, req, res.status(422), action, [
        { path: 'organizationId', message: 'Choose an organisation' },
      ]);
    input.organizationId = organization.id;
  }
  const begun = await services.bulkActions.begin(actorOf(req, res), action.id, input);
  // The form was sent twice, or in another tab: the page of the action shows its progress.
  if (!begun.ok && begun.reason !== 'begun_already') throw problemOf(begun);
  res.redirect(303, paths.bulkAction(action.id));
}

async function stop(services: Services, req: Request, res: Response): Promise<void> {
  const action = await actionOf(services, req, res);
  const stopped = await services.bulkActions.stop(actorOf(req, res), action.id);
  if (!stopped.ok && stopped.reason !== 'not_running') throw problemOf(stopped);
  res.redirect(303, paths.bulkAction(action.id));
}

function problemOf({ reason }: BulkFailure) {
  if (reason === 'forbidden') return forbidden();
  if (reason === 'nothing_to_do') return badRequest('Every one of these records would be skipped.');
  return notFound();
}

async function show(
  services: Services,
  req: Request,
  res: Response,
  action: BulkAction,
  errors: FieldProblem[] = [],
): Promise<void> {
  const { kind, counts, state } = action;
  const { table, action: button } = bulkParts(kind);
  const zone = pageZoneOf(req);
  const total = counts.waiting + counts.done + counts.skipped;
  const noun = (count: number) => (count === 1 ? table.singular : table.label).toLowerCase();
  const many = state === 'prepared' ? counts.waiting : total;
  const records = `${numberWords(many)} ${noun(many)}`;
  const isMaker = action.madeBy.id === actorOf(req, res).viewer.userId;
  const page: BulkPage = {
    title: `${button.label}: ${records}`,
    errors,
    id: action.id,
    state,
    action: button.label,
    records,
    list: { label: table.label, href: `/admin/resources/${table.id}` },
    counts: { ...counts, total },
    triedAlready: action.triedAlready,
    pausedUntil: action.pausedUntil && stamp(action.pausedUntil, zone),
    mostTries,
    cutAt: action.isCut ? `${numberWords(mostAtOnce)} ${noun(mostAtOnce)}` : null,
    skipped: await skippedRows(services, action),
    madeBy: isMaker ? 'you' : action.madeBy.name,
    made: stamp(action.createdAt, zone),
    ended: endedWords(action, zone),
    referrer: state === 'prepared' && choosesReferrer(kind) ? await referrerChoice(services, req) : null,
    organizations:
      state === 'prepared' && choosesOrganization(kind) ? await assignableOrganizations(services.db) : null,
    mayBegin: state === 'prepared' && isMaker && counts.waiting > 0,
    chosen: await chosenWords(services, action),
    refreshSeconds: state === 'running' ? 5 : null,
  };
  res.render(isFragmentPoll(req) ? 'admin/_bulk-progress' : 'admin/bulk', page);
}

async function skippedRows({ db }: Services, action: BulkAction): Promise<BulkPage['skipped']> {
  const ids = action.skipped.flatMap(({ recordIds }) => recordIds);
  const titles = await titlesOf(db, action.kind, ids);
  const { table } = bulkParts(action.kind);
  return action.skipped.map(({ reason, count, recordIds }) => ({
    reason,
    count: numberWords(count),
    records: recordIds.map((id) => ({
      title: titles.get(id) ?? 'Gone',
      href: `/admin/resources/${table.id}/records/${id}/show`,
    })),
    more: count - recordIds.length,
  }));
}

async function referrerChoice(
  { impersonation }: Services,
  req: Request,
): Promise<NonNullable<BulkPage['referrer']>> {
  const query = typed(req.body, 'referrer').slice(0, 200).trim();
  const found = query === '' ? [] : await impersonation.search(query);
  const [only] = found;
  return {
    query,
    found,
    chosenId: found.length === 1 && only ? only.id : null,
    isSearched: query !== '',
  };
}

async function chosenWords(
  { db, impersonation }: Services,
  { input }: BulkAction,
): Promise<BulkPage['chosen']> {
  if (input.organizationId) {
    const known = (await assignableOrganizations(db)).find(({ id }) => id === input.organizationId);
    return { label: 'Organisation', name: known?.name ?? 'An organisation that was merged into another' };
  }
  if (!input.referrerId) return null;
  const referrer = await impersonation.find(input.referrerId);
  return {
    label: 'Referrer',
    name: referrer ? `${referrer.name}, ${referrer.organization.name}` : 'A referrer who is no longer active',
  };
}

function endedWords({ state, stoppedBy, endedAt }: BulkAction, zone: string): string | null {
  if (!endedAt) return null;
  const at = stamp(endedAt, zone);
  if (state === 'done') return `Finished ${at}`;
  return stoppedBy
    ? `Stopped by ${stoppedBy.name}, ${at}`
    : `Stopped ${at}: whoever began it may no longer do this, or a backup was restored`;
}

const numberWords = (count: number): string => count.toLocaleString('en-AU');
