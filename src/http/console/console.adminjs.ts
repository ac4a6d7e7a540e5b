// AdminJS's own routes, as @adminjs/express builds them. Each request comes here after our gate, and leaves with our
// Content-Security-Policy and a status that tells the truth.
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Role } from '../../accounts/index.ts';
import { loadConsole, type Filters } from '../../console/index.ts';
import { viewerOf } from '../actor.ts';
import { hasBody } from '../middleware/body.ts';
import type { Assets } from '../assets.ts';
import { badRequest, forbidden, Problem } from '../problem.ts';
import type { FormRequest } from './console.form.ts';
import { sendPage, statusOf } from './console.page.ts';
import { readQuery } from './console.query.ts';
import { nameScripts, type Scripts } from './console.scripts.ts';
import type { ConsoleServices } from './console.services.ts';
import { lazy } from './lazy.ts';

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
    const form = res.locals.form as FormRequest | undefined;
    if (req.method === 'POST') checkBody(req);
    else if (hasBody(req)) throw badRequest('This request takes no body.');
    const viewer = viewerOf(res);
    if (!viewer) throw forbidden();
    const [{ consoles, currentAdminOf }, scripts] = await Promise.all([load(), loadScripts()]);
    giveQuery(req, readQuery(req, (res.locals.filters ?? {}) as Filters));
    // express-formidable reads nothing then; `form` has what was sent.
    const parsed = { express_formidable: { parsed: true }, fields: {}, files: {} };
    // Where @adminjs/express looks for the viewer.
    Object.assign(req, parsed, { session: { adminUser: currentAdminOf(viewer) } });
    const answerAsUsual = answerAsOurs(res, scripts, form);
    consoles[viewer.role === 'admin' ? 'admin' : 'support'](req, res, (error?: unknown) => {
      // What answers now is ours.
      answerAsUsual();
      next(error);
    });
  };
}

/** middleware/body.ts has read anything else than multipart, up to its limits. */
function checkBody(req: Request): void {
  if (req.is('multipart'))
    throw new Problem('unsupported_type', 'Send JSON (application/json). Files are not accepted here.');
}

/** Express computes `query` from the address; AdminJS gets the checked and unsealed one. */
function giveQuery(req: Request, query: Record<string, unknown>): void {
  Object.defineProperty(req, 'query', { value: query });
}

/** AdminJS sends a page as text and data as an object. @returns ends this */
function answerAsOurs(res: Response, scripts: Scripts, form?: FormRequest): () => void {
  const { send } = res;
  const answerAsUsual = () => {
    res.send = send;
  };
  res.send = (answer: unknown) => {
    answerAsUsual();
    if (typeof answer === 'string') return sendPage(res, nameScripts(answer, scripts));
    if (!form?.problem)
      return res
        .status(statusOf(answer))
        .json({ ...(answer as object), columns: res.locals.columns as unknown });
    const { status, code, detail, errors, headers, extra } = form.problem;
    return res
      .status(status)
      .set(headers)
      .json({ ...(answer as object), code, detail, errors, ...extra });
  };
  return answerAsUsual;
}
