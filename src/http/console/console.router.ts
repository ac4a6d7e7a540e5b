// The console at /admin: one sign-in, one gate for rights, then our forms and exports, then AdminJS's pages and lists.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { auditActor, isStaff } from '../../accounts/index.ts';
import { actionOf, findRow, loadConsole, mayDo, mayRead, tableOf, type Table } from '../../console/index.ts';
import { actorOf, viewerOf } from '../actor.ts';
import { access, noteDenial } from '../middleware/access.ts';
import { badRequest, forbidden, notFound, Problem } from '../problem.ts';
import { exportCsv } from './console.export.ts';
import { formOf, type FormAction } from './forms/index.ts';
import { sendPage, statusOf } from './console.page.ts';
import { filtersOf } from './console.query.ts';
import type { ConsoleServices } from './console.services.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export function consoleRouter(services: ConsoleServices): Router {
  const router = Router();
  router.use('/admin', named, access('staff', services), fromOwnPages);
  const open: RequestHandler = async (req, res) => {
    const { form, id } = allowedForm(req, res);
    res.json(await form.open(services, id));
  };
  const send: RequestHandler = async (req, res) => {
    const { form, id } = allowedForm(req, res);
    const { version, values } = (req.body ?? {}) as { version?: unknown; values?: unknown };
    if (typeof version !== 'string' || typeof values !== 'object' || values === null || Array.isArray(values))
      throw badRequest('Send {"version": "…", "values": {…}} as JSON.');
    const sent = { version, values: values as Record<string, unknown> };
    res.json({ notice: await form.send(services, actorOf(req, res), id, sent) });
  };
  for (const address of ['/admin/forms/:table/:id/:action', '/admin/forms/:table/:action']) {
    router.get(address, open);
    router.post(address, send);
  }
  router.get('/admin/export/:table', async (req, res) => {
    const table = allowedTable(req.params.table, res);
    await exportCsv(services, actorOf(req, res), table, filtersOf(req, table), res);
  });
  const components = lazy(ownComponents);
  router.get('/admin/frontend/assets/components.bundle.js', async (_req, res) => {
    res.type('js').send(await components());
  });
  // The lists themselves: who, which, and by what. AdminJS asks again, action by action.
  router.use(['/admin/api/resources/:table', '/admin/resources/:table'], guardTable(services));
  const admin = lazy(() => adminRouter(services));
  for (const address of ['/admin', '/admin/*rest'])
    router.get(address, async (req, res, next) => (await admin())(req, res, next));
  router.use('/admin', noteDenied(services));
  return router;
}

const named: RequestHandler = (req, res, next) => {
  res.locals.route = req.baseUrl;
  next();
};

/** Whoever asks in the console for what is not theirs stands in the log, as at every other door. */
const noteDenied =
  (services: Pick<ConsoleServices, 'db' | 'audit'>): ErrorRequestHandler =>
  async (error: unknown, req, res, next) => {
    // The gate of the console itself has written its own row.
    const viewer = viewerOf(res);
    if (viewer && isStaff(viewer) && error instanceof Problem && error.code === 'forbidden')
      await noteDenial(services, req, res, {
        in: 'console',
        method: req.method,
        address: req.baseUrl + addressOf(req),
      });
    next(error);
  };

/** Names of tables and actions; ids and what was asked for stay out. */
function addressOf({ path: asked }: Request): string {
  return asked.replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|\d+/gi, ':id').slice(0, 200);
}

/** The whole API of the console, reads too, is for its own pages alone. */
const fromOwnPages: RequestHandler = (req, _res, next) => {
  const isData = /^\/(api|forms|export)\//i.test(req.path);
  const site = req.get('sec-fetch-site');
  if (isData && site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new Problem('cross_site', 'This request did not come from the console itself.');
  next();
};

function roleOf(res: Response) {
  const viewer = viewerOf(res);
  if (!viewer) throw forbidden();
  return viewer.role;
}

function allowedTable(id: string, res: Response): Table {
  const table = tableOf(id);
  if (!table) throw notFound();
  if (!mayRead(roleOf(res), table)) throw forbidden();
  return table;
}

function allowedForm(req: Request, res: Response): { form: FormAction; id: string } {
  const { table, id = '', action } = req.params as Record<string, string>;
  allowedTable(table ?? '', res);
  const button = actionOf(table ?? '', action ?? '');
  const form = formOf(table ?? '', action ?? '');
  if (!button || !form || (button.kind === 'record') !== (id !== '')) throw notFound();
  if (!mayDo(roleOf(res), button)) throw forbidden();
  return { form, id };
}

/** Closed at the door, whatever AdminJS makes of it: writing, bulk actions, and the search apart from the list. */
const closed = new Set(['new', 'edit', 'delete', 'bulkDelete', 'search', 'bulk']);

const guardTable =
  ({ db, audit }: Pick<ConsoleServices, 'db' | 'audit'>): RequestHandler =>
  async (req, res, next) => {
    const table = allowedTable(String(req.params.table), res);
    const [kind = '', first = '', second = ''] = req.path.split('/').filter(Boolean);
    const name = kind === 'records' ? second : first;
    if (closed.has(kind) || closed.has(name))
      throw forbidden('The console changes records by its own actions only.');
    if (kind !== '') {
      const action = actionOf(table.id, name);
      if (!action && name !== 'list' && name !== 'show' && name !== 'export') throw notFound();
      // AdminJS asks again for its data, but would send its empty page to anybody.
      if (action && !mayDo(roleOf(res), action)) throw forbidden();
    }
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new Problem('method_not_allowed', 'Use the forms of the console.');
    // AdminJS would say 'forbidden' of a record that is not there.
    if (kind === 'records' && !(await findRow(db, table, decodeURIComponent(first)))) throw notFound();
    filtersOf(req, table);
    if (table.id === 'bookings' && kind === 'records' && name === 'show')
      await noteViewed(audit, db, req, res);
    next();
  };

async function noteViewed(
  audit: ConsoleServices['audit'],
  db: ConsoleServices['db'],
  req: Request,
  res: Response,
): Promise<void> {
  const [, id = ''] = req.path.split('/').filter(Boolean);
  await audit.record(db, auditActor(actorOf(req, res)), {
    action: 'booking.viewed',
    resourceType: 'booking',
    resourceId: id,
    metadata: { in: 'console' },
  });
}

/** How old libraries ask for the global object; our policy would report it each time. */
function withoutEval(script: string): string {
  return script.replaceAll(/(?:new )?Function\("return this"\)\(\)/g, 'globalThis');
}

async function ownComponents(): Promise<string> {
  const folder = path.join(root, 'public/js/console');
  const files = (await readdir(folder)).sort();
  return (await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')))).join('\n');
}

function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
}

type Controllers = new (
  parts: object,
  who: object,
) => Record<string, (request: object, response: Response) => Promise<unknown>>;

/** What @adminjs/express would do, without its session, its body parser and its bundler. */
async function adminRouter(services: ConsoleServices): Promise<RequestHandler> {
  const { createAdmin, currentAdminOf } = await loadConsole();
  const { admin, routes, assets } = createAdmin(services.db);
  const router = Router();
  for (const { path: address, src } of assets) {
    // One build of the page for development and production: what is tested is what runs.
    const file = path.basename(src).replace('.development.', '.production.');
    const folder = path.resolve(path.dirname(src));
    const script = lazy(async () => withoutEval(await readFile(path.join(folder, file), 'utf8')));
    router.get(`/admin${address}`, async (_req, res) => {
      res
        .set('Cache-Control', 'public, max-age=3600')
        .type('js')
        .send(await script());
    });
  }
  for (const { method, path: address, Controller, action } of routes) {
    if (method !== 'GET' || action === 'bundleComponents') continue;
    router.get(`/admin${address.replace(/{(\w+)}/g, ':$1')}`, async (req, res) => {
      const viewer = viewerOf(res);
      if (!viewer) throw forbidden();
      const controller = new (Controller as Controllers)({ admin }, currentAdminOf(viewer));
      const asked = { params: req.params, query: { ...req.query }, payload: {}, method: 'get' };
      const answer = await controller[action]?.(asked, res);
      if (res.headersSent) return;
      if (typeof answer === 'string') sendPage(res, answer);
      else res.status(statusOf(answer)).json(answer ?? {});
    });
  }
  return router;
}
