// The console at /admin, for staff only: first our own routes, then AdminJS's pages, lists and forms.
import { Router, type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { auditActor, isStaff } from '../../accounts/index.ts';
import {
  actionButtons,
  closed,
  findRow,
  pageOf,
  readDashboard,
  reading,
  tableOf,
  type Checked,
} from '../../console/index.ts';
import { actorOf, viewerOf } from '../actor.ts';
import { pageZoneOf } from '../forms/fields.ts';
import { createSealedSearch, type SealedSearch } from '../forms/sealed-search.ts';
import type { Assets } from '../assets.ts';
import { access, recordDenial } from '../middleware/access.ts';
import { isFromOwnPage } from '../middleware/security.ts';
import { drawBooked } from '../pages/admin/figures.page.ts';
import { toneOf } from '../pages/bookings/booking-words.ts';
import { clockTime, dayWords } from '../pages/when.ts';
import { notFound, Problem } from '../problem.ts';
import { htmlOf } from '../respond.ts';
import { createCsvExport } from './console.export.ts';
import { formOf, optionRoutes } from './forms/index.ts';
import { handToAdminJs } from './console.adminjs.ts';
import { formRequest } from './console.form.ts';
import { actionRules, closedRule, enforce, recordRules } from './console.gate.ts';
import { filtersOf, tableIn } from './console.query.ts';
import { nextRoutes } from './console.next.ts';
import { listHeadRoutes, sayColumns } from './console.list-head.ts';
import { viewRoutes } from './console.views.ts';
import { readScripts, scriptRoute, sendScript } from './console.scripts.ts';
import type { ConsoleServices } from './console.services.ts';

export function consoleRouter(services: ConsoleServices, assets: Assets): Router {
  // AdminJS itself matches its addresses in any case.
  const router = Router({ caseSensitive: true });
  router.use('/admin', setRoute, access('staff', services), ownPagesOnly(services.config.BASE_URL));
  router.use(optionRoutes(services));
  const sealing = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  const exportCsv = createCsvExport(services);
  router.get('/admin/export/:table', async (req, res) => {
    const table = tableIn(req, res);
    await exportCsv(actorOf(req, res), table, filtersOf(req, res, table, sealing), res);
  });
  router.get('/admin/api/dashboard', async (req, res) => {
    const { role } = actorOf(req, res).viewer;
    const [questions, steps, connection] = await Promise.all([
      role === 'admin' ? services.mapping.attention() : null,
      role === 'admin' ? services.sync.firstSteps() : [],
      services.sync.connection(),
    ]);
    const acuity = { questions, steps, connection };
    const reader = { zone: pageZoneOf(req), now: services.clock.now() };
    const dashboard = await readDashboard(services.db, role, reader, acuity);
    const drawing = drawBooked(dashboard.weeks);
    const words = { clockTime, dayWords, toneOf };
    const shown = { ...dashboard, ...words, drawing, last: req.query.last };
    res.json({ ...dashboard, html: await htmlOf(res, 'console/_dashboard', shown) });
  });
  const needs = { services, sealing };
  router.use(nextRoutes(services), listHeadRoutes(needs), viewRoutes(needs));
  router.get(scriptRoute, sendScript(readScripts));
  const adminJs = handToAdminJs(services, assets, readScripts);
  router.get('/admin', adminJs);
  router.use(['/admin{/api}/resources/:table/bulk', '/admin{/api}/resources/:table/search'], (req, res) => {
    tableIn(req, res);
    throw closedRule.problem();
  });
  // Checks who may read which list by which filters. AdminJS checks each action again.
  const guard = guardTable(services, sealing);
  router.get('/admin/resources/:table', guard, adminJs);
  const sayShown = sayColumns(needs);
  for (const asked of ['actions/:action', 'records/:id/:action'])
    router.route(`/admin{/api}/resources/:table/${asked}`).get(guard, sayShown, adminJs).post(guard, adminJs);
  const words = new Set([...wordsIn(router), ...closed, ...Object.values(reading), 'bulk']);
  router.use('/admin', recordRefusals(services, words));
  return router;
}

const setRoute: RequestHandler = (req, res, next) => {
  res.locals.route = req.baseUrl;
  next();
};

/** Records in the audit log when staff are refused something in the console. */
const recordRefusals =
  (services: Pick<ConsoleServices, 'db' | 'audit'>, words: ReadonlySet<string>): ErrorRequestHandler =>
  async (error: unknown, req, res, next) => {
    // People who are not staff were refused by access('staff'), which has written an audit row of its own.
    const viewer = viewerOf(res);
    if (viewer && isStaff(viewer) && error instanceof Problem && error.code === 'forbidden')
      await recordDenial(services, req, res, {
        in: 'console',
        method: req.method,
        address: req.baseUrl + addressOf(req, words),
      });
    // The address cannot be decoded.
    next(error instanceof URIError ? notFound() : error);
  };

/** The words of a router's addresses, and the names of their parameters. */
function wordsIn({ stack }: Router): string[] {
  return stack.flatMap(({ route, handle }) =>
    route ? route.path.split(/[^\w-]+/) : 'stack' in handle ? wordsIn(handle as Router) : [],
  );
}

/** The path with every segment that is not ours as `:id`: it may be a name that somebody typed, and the audit log is append only. */
function addressOf({ path: asked }: Request, words: ReadonlySet<string>): string {
  const isOurs = (word: string) =>
    words.has(word) || tableOf(word) !== null || actionButtons.some(({ name }) => name === word);
  return asked
    .split('/', 9)
    .map((segment) => (isOurs(segment) ? segment : ':id'))
    .join('/');
}

/** Sends data only to the console's own pages, to programs, and to somebody who typed the address. */
const ownPagesOnly = (baseUrl: string): RequestHandler => {
  const own = new URL(baseUrl).origin;
  return (req, _res, next) => {
    const isData = /^\/(api|export|options)\//i.test(req.path);
    const isTyped = req.get('sec-fetch-site') === 'none';
    if (isData && !isTyped && isFromOwnPage(req, own) === false)
      throw new Problem('cross_site', 'This request did not come from the console.');
    next();
  };
};

const guardTable =
  (services: ConsoleServices, sealing: SealedSearch): RequestHandler =>
  async (req, res, next) => {
    const { id, action: name = 'list' } = req.params as Record<string, string | undefined>;
    const table = tableIn(req, res);
    const kind = id === undefined ? 'resource' : 'record';
    const { viewer } = actorOf(req, res);
    // AdminJS checks the role for data, but would send the page's shell to anybody.
    const action = enforce(actionRules(viewer, table, kind, name));
    const isData = /^\/admin\/api\//i.test(req.path);
    const form = action && isData ? formOf(table.id, name) : null;
    const isRead = req.method === 'GET' || req.method === 'HEAD';
    if (!isRead && !(req.method === 'POST' && form))
      throw new Problem('method_not_allowed', 'Use the forms of the console.');
    // AdminJS would answer 403 for a record that does not exist.
    const row = id === undefined ? null : await findRow(services.db, table, id);
    if (id !== undefined) enforce(recordRules(viewer, table, row, action));
    res.locals.checked = { filters: filtersOf(req, res, table, sealing), row } satisfies Checked;
    if (form) res.locals.form = formRequest(services, req, res, form, id ?? '');
    // The page is a shell without data; only the API call shows the booking.
    if (table.id === 'bookings' && id !== undefined && isData && isRead)
      await services.audit.record(services.db, auditActor(actorOf(req, res)), {
        action: 'booking.viewed',
        resourceType: 'booking',
        resourceId: id,
        metadata: { in: 'console' },
      });
    if (action?.href === undefined) return next();
    const href = pageOf(action.href, row);
    if (isData) res.json({ href });
    else res.redirect(303, href);
  };
