// The head of a list: search, filters, saved views and columns, as HTML that public/js/console/fragment.js shows. What is
// typed may be an examinee's name, so it is sent by POST, and the list's address has it encrypted for this person.
import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import {
  choosableColumns,
  columnOf,
  columnsIn,
  isSealed,
  readChoices,
  shownColumns,
  type Table,
} from '../../console/index.ts';
import { dayInWords, parseDay } from '../../lib/dates.ts';
import { actorOf, viewerOf } from '../actor.ts';
import { withQuery } from '../pages/links.ts';
import { paths } from '../paths.ts';
import { parse } from '../problem.ts';
import { htmlOf } from '../respond.ts';
import { filtersOf, tableIn } from './console.query.ts';
import { shownView, type ListNeeds } from './console.views.ts';

export const listHeadAddress = '/admin/api/views/:table';

export function listHeadRoutes({ services, sealing }: ListNeeds): Router {
  const router = Router();

  router.get(listHeadAddress, async (req, res) => {
    const table = tableIn(req, res);
    const actor = actorOf(req, res);
    const choices = await readChoices(services.db, actor.viewer.userId, table);
    const asked = textsOf(req.query);
    const filters = Object.entries(asked).filter(([name]) => name.startsWith('filters.'));
    const texts = filters.map(([key, value]) => {
      const name = key.slice('filters.'.length);
      return [
        name,
        isSealed(table, name) ? (sealing.open(actor.viewer.userId, value) ?? '') : value,
      ] as const;
    });
    const chips = texts.map(([name, text]) => {
      const { [`filters.${name}`]: _removed, page: _page, ...others } = asked;
      return { href: withQuery(paths.consoleList(table.id), others), text: chipText(table, name, text) };
    });
    const views = choices.views.map((view) => shownView(view, table, actor, sealing));
    const head = {
      list: table.id,
      hint: table.searched.hint,
      query: new URLSearchParams(asked).toString(),
      texts: Object.fromEntries(texts),
      order: asked,
      fields: columnsIn(table, 'record'),
      chips,
      allHref: paths.consoleList(table.id),
      exportHref: withQuery(`/admin/export/${table.id}`, Object.fromEntries(filters)),
      views,
      view: views.find(({ id }) => id === asked.tab),
      title: table.title,
      shown: shownColumns(table, choices, asked.tab).map(({ name }) => name),
      choosable: choosableColumns(table),
    };
    res.set('Cache-Control', 'no-store').json({ html: await htmlOf(res, 'console/_list-head', head) });
  });

  // Each parameter is a filter or the sort order. Empty ones are left out.
  router.post('/admin/views/:table/find', (req, res) => {
    const table = tableIn(req, res);
    const { query, ...typed } = parse(findSchema, req.body ?? {});
    const { userId } = actorOf(req, res).viewer;
    const asked = Object.fromEntries(new URLSearchParams(query));
    for (const [name, text] of Object.entries(typed))
      asked[name] = text && isSealed(table, name.replace('filters.', '')) ? sealing.seal(userId, text) : text;
    const found = textsOf({ ...asked, page: '', direction: asked.sortBy ? asked.direction : '' });
    filtersOf({ query: found, headers: req.headers }, res, table, sealing);
    res.json({ href: withQuery(paths.consoleList(table.id), found) });
  });
  return router;
}

const findSchema = z
  .object({ query: z.string().max(8_000).default('') })
  .catchall(z.string().trim().max(200, 'Use fewer words'))
  .refine((sent) => Object.keys(sent).length <= 100, 'Send at most 100 texts');

/** Adds to the answer of a list the names of the columns that this person sees. */
export const sayColumns =
  ({ services }: ListNeeds): RequestHandler =>
  async (req, res, next) => {
    if (req.params.action === 'list') {
      const table = tableIn(req, res);
      const choices = await readChoices(services.db, viewerOf(res)?.userId ?? '', table);
      res.locals.columns = shownColumns(table, choices, req.query.tab).map(({ name }) => name);
    }
    next();
  };

/** The parameters that are not empty. */
function textsOf(query: Request['query']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string' && !!pair[1],
    ),
  );
}

function chipText(table: Table, filter: string, text: string): string {
  const [name = '', bound] = filter.split('~~');
  const { label = 'Search', words, shown } = columnOf(table, name) ?? {};
  return `${label}: ${inWords()}`;

  function inWords(): string {
    if (isSealed(table, filter)) return text || '…';
    if (bound) return `${bound} ${parseDay(text) ? dayInWords(text) : text}`;
    const known = new Map(Object.entries({ true: 'yes', false: 'no', ...words })).get(text);
    // A filter by id, which came with a link and has no field.
    return known?.toLowerCase() ?? (shown === 'filter' ? 'selected' : text);
  }
}
