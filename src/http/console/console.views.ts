// Saved views and chosen columns of the console's lists: each person's own, and the views that others share.
import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import {
  choosableColumns,
  mayRemoveView,
  readChoices,
  removeView,
  saveColumns,
  saveView,
  searchFilter,
  columnOf,
  type Filters,
  type SavedView,
  type Table,
} from '../../console/index.ts';
import type { Actor } from '../../accounts/index.ts';
import { tidyLine } from '../../lib/typed-text.ts';
import { actorOf } from '../actor.ts';
import type { SealedSearch } from '../forms/sealed-search.ts';
import { conflict, notFound, parse } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';

export const viewsAddress = '/admin/api/views/:table';

interface Needs {
  services: Pick<ConsoleServices, 'db' | 'audit' | 'ids'>;
  sealing: SealedSearch;
  allowedTable: (id: string, res: Response) => Table;
  /** Refuses what the list cannot be filtered or sorted by. */
  readFilters: (req: Pick<Request, 'query' | 'headers'>, res: Response, table: Table) => Filters;
}

const columnsOf = (table: Table) =>
  z
    .array(z.enum(choosableColumns(table).map(({ name }) => name)))
    .min(1, 'Choose at least one column')
    .max(60)
    .nullable();

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
    columns: columnsOf(table).default(null),
    isShared: z.boolean().default(false),
  });

export function viewRoutes({ services, sealing, allowedTable, readFilters }: Needs): Router {
  const router = Router();
  const tableOf = (req: Request, res: Response): Table => allowedTable(String(req.params.table), res);

  const choicesOf = async (req: Request, res: Response) => {
    const table = tableOf(req, res);
    const actor = actorOf(req, res);
    const { columns, views } = await readChoices(services.db, actor.viewer.userId, table);
    return { list: table.id, columns, views: views.map((view) => shownView(view, table, actor, sealing)) };
  };

  router.get(viewsAddress, async (req, res) => {
    res.set('Cache-Control', 'no-store').json(await choicesOf(req, res));
  });
  // The page of a list has them, so that its first table need not wait for another request.
  router.get('/admin/resources/:table', async (req, res, next) => {
    res.locals.choices = await choicesOf(req, res);
    next();
  });

  router.post('/admin/views/:table', async (req, res) => {
    const table = tableOf(req, res);
    const { query: kept, ...view } = parse(viewSchema(table), req.body ?? {});
    readFilters({ query: kept, headers: req.headers }, res, table);
    const id = services.ids.uuid();
    const whole = { ...view, id, query: addressOf(kept) };
    const saved = await saveView(services, actorOf(req, res), table, whole);
    if (saved === 'too_many')
      throw conflict('invalid_transition', 'You have 50 views of this list: remove one first.');
    res.json({ notice: 'The view is saved' });
  });

  router.post('/admin/views/:table/columns', async (req, res) => {
    const table = tableOf(req, res);
    const { columns } = parse(z.object({ columns: columnsOf(table) }), req.body ?? {});
    await saveColumns(services, actorOf(req, res), table, columns);
    res.json({ notice: 'Saved' });
  });

  router.post('/admin/views/:table/:id/remove', async (req, res) => {
    const isRemoved = await removeView(services, actorOf(req, res), tableOf(req, res), req.params.id);
    if (!isRemoved) throw notFound();
    res.json({ notice: 'The view is removed' });
  });
  return router;
}

/** Filters and sort only, not the page; each once, so that all that is kept was checked. */
function keptQuery(address: string): Record<string, string> {
  return Object.fromEntries(
    [...new URLSearchParams(address)].filter(
      ([name, value]) =>
        value !== '' && (name.startsWith('filters.') || name === 'sortBy' || name === 'direction'),
    ),
  );
}

const addressOf = (kept: Record<string, string>): string => new URLSearchParams(kept).toString();

function shownView(view: SavedView, table: Table, actor: Actor, sealing: SealedSearch) {
  const { id, name, columns, isShared, ownerId, ownerName } = view;
  const { userId } = actor.viewer;
  const isOwn = ownerId === userId;
  const query = isOwn ? view.query : resealed(view, table, userId, sealing);
  const mayRemove = mayRemoveView(actor, view);
  return { id, name, columns, isShared, isOwn, mayRemove, query, by: isOwn ? null : ownerName };
}

/** Sealed words are for one person: a shared view's are sealed again for whoever reads it, who may read the column. */
function resealed(
  { query, ownerId }: SavedView,
  table: Table,
  userId: string,
  sealing: SealedSearch,
): string {
  const isSealed = (key: string): boolean => {
    const [name = ''] = key.replace(/^filters\./, '').split(/~~|\./);
    return name === searchFilter || columnOf(table, name)?.isHealth === true;
  };
  const parts = [...new URLSearchParams(query)].map(([key, value]) => {
    const words = key.startsWith('filters.') && isSealed(key) ? sealing.open(ownerId, value) : null;
    return [key, words === null ? value : sealing.seal(userId, words)] as [string, string];
  });
  return new URLSearchParams(parts).toString();
}
