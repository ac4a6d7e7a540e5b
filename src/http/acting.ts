// Starts and stops acting, for the pages and the API.
import type { CookieOptions, Request, Response } from 'express';
import { cookiePrefix, isHttps } from '../accounts/index.ts';
import {
  actRequest,
  type ImpersonationService,
  type Started,
  type StartFailure,
} from '../impersonation/index.ts';
import { readCookie } from '../lib/cookies.ts';
import { actorOf, headersOf, viewerOf } from './actor.ts';
import { forbidden, invalid, notFound, notSignedIn, parse, type Problem } from './problem.ts';
import { refererPath, safeNext } from './next-path.ts';
import { paths } from './paths.ts';
import { setCookies } from './respond.ts';

/** The page from which an admin went to act as somebody. */
export interface ActingOrigin {
  /** Call it on each page that leads to acting. Remembers the page before the first of them. */
  remember(req: Request, res: Response): void;
  /** The page to go back to; forgets it. */
  take(req: Request, res: Response): string;
}

const actingPages = [paths.actAs(), paths.impersonate()];

export function createActingOrigin(baseUrl: string): ActingOrigin {
  const name = `${cookiePrefix(baseUrl)}.acting_from`;
  const options: CookieOptions = { httpOnly: true, sameSite: 'lax', secure: isHttps(baseUrl), path: '/' };
  return {
    remember(req, res) {
      const from = refererPath(req);
      if (from !== null && actingPages.includes(new URL(from, baseUrl).pathname)) return;
      if (from !== null) res.cookie(name, from, options);
      else res.clearCookie(name, options);
    },
    take(req, res) {
      const from = readCookie(req.headers.cookie, name);
      if (from !== null) res.clearCookie(name, options);
      return safeNext(from ?? '') ?? paths.console();
    },
  };
}

/** @throws Problem */
export async function startActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<Started> {
  const { userId, reason } = parse(actRequest, req.body);
  const started = await impersonation.start(actorOf(req, res), headersOf(req), userId, reason);
  if (!started.ok) throw refused(started);
  setCookies(res, started.value.cookies);
  return started.value;
}

/** @returns whether the admin's own session was restored. @throws Problem */
export async function stopActing(
  impersonation: ImpersonationService,
  req: Request,
  res: Response,
): Promise<boolean> {
  const viewer = viewerOf(res);
  if (!viewer?.actingAdmin) {
    // Acting had ended already, and session.ts has restored the admin's session.
    if (res.locals.isAdminRestored === true) return true;
    throw forbidden('Nobody is acting in this session.');
  }
  const { isAdminBack, cookies } = await impersonation.exit(headersOf(req), viewer);
  setCookies(res, cookies);
  return isAdminBack;
}

function refused({ reason }: StartFailure): Problem {
  if (reason === 'not_a_referrer') return notFound('There is no active referrer of this id.');
  if (reason === 'session_ended') return notSignedIn();
  if (reason === 'oneself') return invalid([{ path: 'userId', message: 'You cannot act as yourself' }]);
  return forbidden('You are acting as somebody already. Stop acting first.');
}
