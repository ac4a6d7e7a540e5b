import type { Request, RequestHandler, Response } from 'express';
import type { Accounts, createCookieRenewal } from '../../accounts/index.ts';
import { sessionRequest } from '../actor.ts';
import { paths, signedPaths } from '../paths.ts';
import { forbidden } from '../problem.ts';
import { isPolling, setCookies, wantsFragment, wantsJson } from '../respond.ts';

/** Reads who is signed in from the database, once a request. */
export function session(accounts: Accounts): RequestHandler {
  return async (req, res, next) => {
    if (withoutSession.has(req.path)) return next();
    const { viewer, episode, cookies, leftMs, hasEnded, isAdminRestored, mustSetUpTwoFactor } =
      await accounts.viewer(sessionRequest(req), {
        isPolling: isPolling(req),
        canRestoreAdminSession: canRestoreAdminSession(req),
      });
    res.locals.viewer = viewer;
    res.locals.episode = episode;
    res.locals.sessionLeft = Math.max(0, Math.round(leftMs / 1_000));
    res.locals.hasSessionEnded = hasEnded;
    res.locals.isAdminRestored = isAdminRestored;
    setCookies(res, cookies);
    if (mustSetUpTwoFactor && !isOpenBeforeSetUp(req.path)) return redirectToSetUp(req, res);
    next();
  };
}

/**
 * Signs cookies again that an earlier secret signed, so that the code behind needs to know only the current secret. The
 * browser gets the new cookies with a page, never with the answer to a page's timer, which may arrive late.
 */
export function renewCookies(renewal: ReturnType<typeof createCookieRenewal>): RequestHandler {
  return (req, res, next) => {
    const renewed = renewal(req.headers.cookie);
    if (renewed) {
      req.headers.cookie = renewed.cookie;
      if (req.method === 'GET' && !isPolling(req)) setCookies(res, renewed.lines);
    }
    next();
  };
}

/** These paths ignore session cookies: the database is not queried, and may be unavailable. */
const withoutSession = new Set<string>([paths.health(), paths.ready(), ...signedPaths, paths.openapi()]);

/**
 * When acting ended without the admin stopping it, the next page restores the admin's session. Forms, fragments and
 * programs do not restore it: what was meant for the referrer's session must not be done in the admin's.
 */
function canRestoreAdminSession(req: Request): boolean {
  if (req.path.toLowerCase() === paths.exitImpersonation()) return req.method === 'POST';
  return req.method === 'GET' && !wantsJson(req) && !wantsFragment(req);
}

/** The addresses that people who have to set up two-step sign-in may use before: those of the set-up, and signing out. */
const openBeforeSetUp = new Set<string>([
  paths.accountTwoFactor(),
  paths.accountTwoFactorSetUp(),
  paths.signOut(),
  paths.session(),
  '/api/auth/sign-out',
  '/api/auth/get-session',
]);

export function isOpenBeforeSetUp(path: string): boolean {
  return openBeforeSetUp.has(path) || withoutSession.has(path);
}

function redirectToSetUp(req: Request, res: Response): void {
  if (wantsJson(req)) {
    throw forbidden(
      'You need two-step sign-in. Set it up in a browser, under Account, before anything else.',
    );
  }
  const setUp = paths.accountTwoFactor();
  // See access.ts: htmx must not insert the page into another.
  if (wantsFragment(req)) res.status(403).set('HX-Redirect', setUp).end();
  else res.redirect(303, setUp);
}
