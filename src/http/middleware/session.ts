import { fromNodeHeaders } from 'better-auth/node';
import type { Request, RequestHandler, Response } from 'express';
import type { Accounts } from '../../accounts/index.ts';
import { paths } from '../paths.ts';
import { forbidden } from '../problem.ts';
import { isByItself, setCookies, wantsFragment, wantsJson } from '../respond.ts';

/** Once a request: who is signed in, as the database has it now. */
export function session(accounts: Accounts): RequestHandler {
  return async (req, res, next) => {
    if (withoutSession.has(req.path)) return next();
    const { viewer, cookies, isBack, mustSetUpTwoFactor } = await accounts.viewer(
      fromNodeHeaders(req.headers),
      { isByItself: isByItself(req), mayComeBack: mayComeBack(req) },
    );
    res.locals.viewer = viewer;
    res.locals.isBack = isBack;
    setCookies(res, cookies);
    if (mustSetUpTwoFactor && !isOpenBefore(req.path)) return sendToSetUp(req, res);
    next();
  };
}

/** Nobody is signed in there, whatever cookie comes along: the database is not asked, and may be away. */
const withoutSession = new Set<string>([
  paths.health(),
  paths.ready(),
  paths.relay(),
  paths.acuityWebhook(),
  paths.openapi(),
]);

/**
 * When acting has ended otherwise, the admin goes on as themselves from the next page. Not from a form, a part of a page
 * or a program: what was meant in the referrer's name must not be done or shown in another's.
 */
function mayComeBack(req: Request): boolean {
  if (req.path.toLowerCase() === paths.exitImpersonation()) return req.method === 'POST';
  return req.method === 'GET' && !wantsJson(req) && !wantsFragment(req);
}

/** What staff may reach before their second step is set up: setting it up, and leaving. */
const openBefore = new Set<string>([
  paths.accountTwoFactor(),
  paths.accountTwoFactorSetUp(),
  paths.signOut(),
  '/api/auth/sign-out',
  '/api/auth/get-session',
]);

export function isOpenBefore(path: string): boolean {
  return openBefore.has(path) || withoutSession.has(path);
}

function sendToSetUp(req: Request, res: Response): void {
  if (wantsJson(req)) {
    throw forbidden(
      'Staff need two-step sign-in. Set it up in a browser, under Account, before anything else.',
    );
  }
  const setUp = paths.accountTwoFactor();
  // See access.ts: htmx must not swap the page into a part of another.
  if (wantsFragment(req)) res.status(403).set('HX-Redirect', setUp).end();
  else res.redirect(303, setUp);
}
