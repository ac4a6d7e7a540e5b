// Turns errors into responses: problem details for programs, a page with the same content for people.
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { type DatabaseTrouble, databaseTrouble } from '../../db/trouble.ts';
import { errorFacts } from '../../lib/error-facts.ts';
import { isStaff } from '../../accounts/index.ts';
import { requestIdOf, routeNameOf, viewerOf } from '../actor.ts';
import { safeNext } from '../next-path.ts';
import { paths } from '../paths.ts';
import { badRequest, notFound, Problem, problemCodes, problemType } from '../problem.ts';
import { wantsJson } from '../respond.ts';
import { formToSendAgain } from './kept-forms.ts';

export const unmatched: RequestHandler = () => {
  throw notFound();
};

/** @param routeOf finds the route's pattern for requests that failed before a route matched */
export function errors(
  log: Logger,
  routeOf: (req: Request) => string | undefined = () => undefined,
): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    res.locals.route ??= routeOf(req);
    const trouble = error instanceof Problem ? null : databaseTrouble(error);
    const problem = trouble ? databaseProblem(trouble) : problemOf(error);
    const requestId = requestIdOf(res);
    if (problem.status >= 500 && !(error instanceof Problem)) {
      const facts = { requestId, method: req.method, route: routeNameOf(res) };
      const { at, ...err } = errorFacts(error);
      // Logs no stack: that of the query does not explain why the database is unavailable.
      if (trouble) log.error({ ...facts, err }, trouble);
      else log.error({ ...facts, err: { ...err, at } }, 'A request failed');
    }
    // Part of the response has been sent, so only closing the connection can tell the client.
    if (res.headersSent) return next(error);
    res.status(problem.status).set(problem.headers);
    const { status, code, detail, errors: fields } = problem;
    const { title } = problemCodes[code];
    const document = {
      type: problemType(res, code),
      title,
      status,
      detail,
      code,
      requestId,
      ...problem.extra,
    };
    if (wantsJson(req) || isForPrograms(req.path)) {
      res
        .type('application/problem+json')
        .send(JSON.stringify(fields ? { ...document, errors: fields } : document));
      return;
    }
    const mayHelpSoon = status === 503;
    res.render('errors/problem', {
      ...document,
      errors: fields ?? [],
      action: actionOf(req, res, mayHelpSoon),
      again: mayHelpSoon ? formToSendAgain(req) : null,
    });
  };
}

function actionOf(req: Request, res: Response, mayHelpSoon: boolean): { href: string; text: string } | null {
  const viewer = viewerOf(res);
  if (viewer && isStaff(viewer) && isConsolePath(req.path))
    return { href: paths.console(), text: 'Back to the console' };
  const here = mayHelpSoon && req.method === 'GET' ? safeNext(req.originalUrl) : null;
  return here === null ? null : { href: here, text: 'Try again' };
}

const isConsolePath = (path: string): boolean => /^\/admin(\/|$)/i.test(path);

function isForPrograms(path: string): boolean {
  return /^\/(api|webhooks|automation|healthz|readyz|metrics)(\/|$)/.test(path);
}

const databaseWords: Record<DatabaseTrouble, string> = {
  'database unavailable': 'We can’t reach our database right now. Try again in a few seconds.',
  'database refuses the role': 'We can’t reach our database right now. Try again in a few minutes.',
  'no free database connection': 'Too many people are asking at the same time. Try again in a few seconds.',
  'statement timed out': 'This took too long and was stopped. Try again in a few seconds.',
};

function databaseProblem(trouble: DatabaseTrouble): Problem {
  return new Problem('unavailable', databaseWords[trouble], { headers: { 'Retry-After': '5' } });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof URIError) return badRequest('The address is not encoded as it should be.');
  const { type, status } = error as { type?: unknown; status?: unknown };
  // Thrown by Express's body parsers.
  if (type === 'entity.too.large' || type === 'parameters.too.many')
    return new Problem('too_large', 'The body is too large.');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new Problem('unsupported_type', 'This encoding is not supported. Send UTF-8.');
  }
  if (typeof type === 'string' && typeof status === 'number' && status < 500) {
    return badRequest('The body is not what its content type says.');
  }
  if (typeof status === 'number' && status >= 400 && status < 500)
    return badRequest('The request could not be read.');
  return new Problem(
    'internal',
    'Nothing you did is wrong. Try again; if it happens again, tell us the number of this request.',
  );
}
