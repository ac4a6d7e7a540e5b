// AdminJS's own routes, as @adminjs/express builds them. Requests get here after our gate has checked them. Answers leave
// with our Content-Security-Policy and the right status.
import { Router, type RequestHandler, type Response } from 'express';
import type { Role } from '../../accounts/index.ts';
import { loadConsole, type Checked } from '../../console/index.ts';
import { lazy } from '../../lib/lazy.ts';
import { actorOf } from '../actor.ts';
import { hasBody } from '../middleware/body.ts';
import type { Assets } from '../assets.ts';
import { badRequest, Problem } from '../problem.ts';
import { sendPage, statusOf } from './console.page.ts';
import { nameScripts, type Scripts } from './console.scripts.ts';
import type { ConsoleServices } from './console.services.ts';

/** Answers pages, lists and records; with `res.locals.form`, shows or sends it. */
export function handToAdminJs(
  { db }: Pick<ConsoleServices, 'db'>,
  { url }: Assets,
  loadScripts: () => Promise<Scripts>,
): RequestHandler {
  const load = lazy(async () => {
    const { buildConsole, currentAdminOf, readConsoleSchema } = await loadConsole();
    const schema = await readConsoleSchema(db);
    const consoleOf = (role: Role): Router => Router().use('/admin', buildConsole(db, schema, role, url));
    return {
      consoles: { admin: consoleOf('admin'), support: consoleOf('support') },
      currentAdminOf,
    };
  });
  return async (req, res, next) => {
    // The first page has nothing for the gate to check: it gets no data from AdminJS.
    const { checked = { filters: {}, row: null } } = res.locals as { checked?: Checked };
    // Any other body has been read by middleware/body.ts, up to its limits.
    if (req.method === 'POST' && req.is('multipart'))
      throw new Problem('unsupported_type', 'Send JSON (application/json). Files are not accepted here.');
    if (req.method !== 'POST' && hasBody(req)) throw badRequest('This request takes no body.');
    const { viewer } = actorOf(req, res);
    const [{ consoles, currentAdminOf }, scripts] = await Promise.all([load(), loadScripts()]);
    // Express computes the query from the address. AdminJS gets none, because it would use the filters unchecked.
    const query = Object.entries(req.query).filter(([name]) => !name.startsWith('filters.'));
    Object.defineProperty(req, 'query', { value: Object.fromEntries(query) });
    // Keeps express-formidable from reading the body; `form` has what was sent.
    const parsed = { express_formidable: { parsed: true }, fields: {}, files: {} };
    // @adminjs/express looks for the viewer here.
    Object.assign(req, parsed, { session: { adminUser: currentAdminOf(viewer, checked) } });
    const answerAsUsual = answerAsOurs(res, scripts);
    consoles[viewer.role === 'admin' ? 'admin' : 'support'](req, res, (error?: unknown) => {
      // From here our own code answers.
      answerAsUsual();
      next(error);
    });
  };
}

/** Changes what AdminJS sends: a page is text, data is an object. @returns a function that stops this */
function answerAsOurs(res: Response, scripts: Scripts): () => void {
  const { send } = res;
  const answerAsUsual = () => {
    res.send = send;
  };
  res.send = (answer: unknown) => {
    answerAsUsual();
    if (typeof answer === 'string') return sendPage(res, nameScripts(answer, scripts));
    const { columns } = res.locals as { columns?: string[] };
    const { problem, ...shown } = answer as { problem?: Problem };
    if (!problem) return res.status(statusOf(answer)).json({ ...shown, columns });
    const { status, code, detail, errors, headers, extra } = problem;
    return res
      .status(status)
      .set(headers)
      .json({ ...shown, code, detail, errors, ...extra });
  };
  return answerAsUsual;
}
