// Saved views and chosen columns of the console's lists: each person's own, and the views that others share.
import { Router } from 'express';
import { z } from 'zod';
import {
  choosableColumns,
  mayRemoveView,
  isSealed,
  removeView,
  saveColumns,
  saveView,
  type SavedView,
  type Table,
} from '../../console/index.ts';
import type { Actor } from '../../accounts/index.ts';
import { tidyLine } from '../../lib/typed-text.ts';
import { actorOf } from '../actor.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { conflict, notFound, parse } from '../problem.ts';
import { filtersOf, tableIn } from './console.query.ts';
import type { ConsoleServices } from './console.services.ts';

export interface ListNeeds {
  services: Pick<ConsoleServices, 'db' | 'audit' | 'ids'>;
  sealing: SealedSearch;
}

/** A form sends a single column as text instead of a list. */
const columnsOf = (table: Table) =>
  z.preprocess(
    (sent) => (typeof sent === 'string' ? [sent] : sent),
    z
      .array(z.enum(choosableColumns(table).map(({ name }) => name)))
      .min(1, 'Choose at least one column')
      .max(60)
      .nullable()
      .default(null),
  );

const viewSchema = (table: Table) =>
  z.object({
    name: z
      .string('Enter a name')
      .overwrite(tidyLine)
      .min(1, 'Enter a name')
      .max(60, 'Use at most 60 characters'),
    query: z
      .string()
      .transform(keptQuery)
      .refine((kept) => addressOf(kept).length <= 4_000, 'Use fewer filters'),
    columns: columnsOf(table),
    isShared: z.literal('yes').optional(),
  });

export function viewRoutes({ services, sealing }: ListNeeds): Router {
  const router = Router();

  router.post('/admin/views/:table', async (req, res) => {
    const table = tableIn(req, res);
    const { query: kept, isShared, ...view } = parse(viewSchema(table), req.body ?? {});
    // Refuses filters and sort orders that the list does not have.
    filtersOf({ query: kept, headers: req.headers }, res, table, sealing);
    const whole = { ...view, id: services.ids.uuid(), query: addressOf(kept), isShared: isShared === 'yes' };
    const id = await saveView(services, actorOf(req, res), table, whole);
    if (!id) throw conflict('invalid_transition', 'You have 50 views of this list: remove one first.');
    res.json({ notice: 'The view is saved', href: viewAddress(table, { id, query: whole.query }) });
  });

  router.post('/admin/views/:table/columns', async (req, res) => {
    const table = tableIn(req, res);
    const sent = z.object({ columns: columnsOf(table), isUsual: z.literal('yes').optional() });
    const { columns, isUsual } = parse(sent, req.body ?? {});
    await saveColumns(services, actorOf(req, res), table, isUsual ? null : columns);
    res.json({ notice: 'Saved' });
  });

  router.post('/admin/views/:table/:id/remove', async (req, res) => {
    const isRemoved = await removeView(services, actorOf(req, res), tableIn(req, res), req.params.id);
    if (!isRemoved) throw notFound();
    res.json({ notice: 'The view is removed' });
  });
  return router;
}

/** Only filters and sort order, not the page. Each parameter once, so that everything that is stored was checked. */
function keptQuery(address: string): Record<string, string> {
  return Object.fromEntries(
    [...new URLSearchParams(address)].filter(
      ([name, value]) =>
        value !== '' && (name.startsWith('filters.') || name === 'sortBy' || name === 'direction'),
    ),
  );
}

const addressOf = (kept: Record<string, string>): string => new URLSearchParams(kept).toString();

const viewAddress = ({ id: list }: Table, { id, query }: Pick<SavedView, 'id' | 'query'>): string =>
  `/admin/resources/${list}?${query && `${query}&`}tab=${id}`;

/** The views and columns for the head of the list. */
export function shownView(view: SavedView, table: Table, actor: Actor, sealing: SealedSearch) {
  const { id, name, isShared, ownerId, ownerName } = view;
  const { userId } = actor.viewer;
  const isOwn = ownerId === userId;
  const href = viewAddress(table, { id, query: isOwn ? view.query : resealed(view, table, userId, sealing) });
  const note = isOwn ? isShared && 'shared' : `by ${ownerName}`;
  // What the owner sends to save it with other columns.
  const saved = isOwn ? { name, query: view.query, ...(isShared && { isShared: 'yes' }) } : null;
  const shown = { id, name, href, note: note || '', mayRemove: mayRemoveView(actor, view) };
  return { ...shown, hasColumns: view.columns !== null, saved };
}

/** Encrypted words are for one person, so those of a shared view are encrypted again for each reader. */
function resealed(
  { query, ownerId }: SavedView,
  table: Table,
  userId: string,
  sealing: SealedSearch,
): string {
  const parts = [...new URLSearchParams(query)].map(([key, value]) => {
    const [, filter] = /^filters\.(.+)/.exec(key) ?? [];
    const words = filter && isSealed(table, filter) ? sealing.open(ownerId, value) : null;
    return [key, words === null ? value : sealing.seal(userId, words)] as [string, string];
  });
  return new URLSearchParams(parts).toString();
}
