// AdminJS's own routes, as @adminjs/express builds them. Each request comes here after our gate, and leaves with our
// Content-Security-Policy and a status that tells the truth.
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Role } from '../../accounts/index.ts';
import { loadConsole, type Filters } from '../../console/index.ts';
import { viewerOf } from '../actor.ts';
import type { Assets } from '../assets.ts';
import { badRequest, forbidden } from '../problem.ts';
import { sendPage, statusOf } from './console.page.ts';
import { readQuery } from './console.query.ts';
import { nameScripts, type Scripts } from './console.scripts.ts';
import type { ConsoleServices } from './console.services.ts';
import { lazy } from './lazy.ts';

/** Answers what AdminJS only reads: pages, lists and records. */
export function handToAdminJs(
  { db }: Pick<ConsoleServices, 'db'>,
  { url }: Assets,
  loadScripts: () => Promise<Scripts>,
): RequestHandler {
  const load = lazy(async () => {
    const { buildConsole, currentAdminOf, readConsoleSchema } = await loadConsole();
    const schema = await readConsoleSchema(db);
    const consoleOf = (role: Role): Router => Router().use('/admin', buildConsole(db, schema, role, url));
    return { consoles: { admin: consoleOf('admin'), support: consoleOf('support') }, currentAdminOf };
  });
  return async (req, res, next) => {
    if (hasBody(req)) throw badRequest('This request takes no body.');
    const viewer = viewerOf(res);
    if (!viewer) throw forbidden();
    const [{ consoles, currentAdminOf }, scripts] = await Promise.all([load(), loadScripts()]);
    giveQuery(req, readQuery(req, (res.locals.filters ?? {}) as Filters));
    // Where @adminjs/express looks for the viewer.
    Object.assign(req, { session: { adminUser: currentAdminOf(viewer) } });
    answerAsOurs(res, scripts);
    consoles[viewer.role === 'admin' ? 'admin' : 'support'](req, res, next);
  };
}

/** @adminjs/express would wait for ever for a body that has been read, and write one that has not to the disk. */
function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Express computes `query` from the address; AdminJS gets the checked and unsealed one. */
function giveQuery(req: Request, query: Record<string, unknown>): void {
  Object.defineProperty(req, 'query', { value: query });
}

/** AdminJS sends a page as text and data as an object. */
function answerAsOurs(res: Response, scripts: Scripts): void {
  const { send } = res;
  res.send = (answer: unknown) => {
    res.send = send;
    if (typeof answer === 'string') return sendPage(res, nameScripts(answer, scripts));
    return res.status(statusOf(answer)).json(answer);
  };
}
