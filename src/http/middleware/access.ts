import type { Request, RequestHandler, Response } from 'express';
import { auditActor, isStaff, type AccessRule } from '../../accounts/index.ts';
import type { AuditLog } from '../../audit/index.ts';
import type { Database } from '../../db/knex.ts';
import { actorOf, hasSessionEnded, viewerOf } from '../actor.ts';
import type { Access } from '../endpoint.ts';
import { safeNext } from '../next-path.ts';
import { paths } from '../paths.ts';
import { forbidden, notSignedIn } from '../problem.ts';
import { isFragmentPoll, wantsFragment, wantsJson } from '../respond.ts';

export interface AccessDeps {
  db: Database;
  audit: AuditLog;
}

/** Checks that the viewer may use the route. Without a session, browsers are sent to sign in and programs get 401. */
export function access(wanted: Access, { db, audit }: AccessDeps): RequestHandler {
  return async (req, res, next) => {
    if (wanted === 'anyone') return next();
    const viewer = viewerOf(res);
    if (!viewer) {
      if (wantsJson(req))
        throw hasSessionEnded(res) ? notSignedIn('The session has ended. Sign in again.') : notSignedIn();
      // A page asks by itself, and may hold what somebody typed: session.js says there that the session has ended.
      if (isFragmentPoll(req)) return void res.status(401).set('HX-Reswap', 'none').end();
      const signIn = paths.signIn(req.method === 'GET' ? req.originalUrl : pageOfForm(req));
      // htmx reads this header before it swaps; otherwise it would insert the sign-in page into the open page.
      if (wantsFragment(req)) res.status(401).set('HX-Redirect', signIn).end();
      else res.redirect(303, signIn);
      return;
    }
    if (routeRule(wanted).holds(viewer, null)) return next();
    await recordDenial({ db, audit }, req, res, { wanted, role: viewer.role });
    throw forbidden();
  };
}

export async function recordDenial(
  { db, audit }: AccessDeps,
  req: Request,
  res: Response,
  metadata: Record<string, string>,
): Promise<void> {
  await audit.record(db, auditActor(actorOf(req, res)), {
    action: 'access.denied',
    resourceType: 'page',
    resourceId: typeof res.locals.route === 'string' ? res.locals.route : null,
    outcome: 'denied',
    metadata,
  });
}

/** The page whose form was sent: signing in leads back to it. */
function pageOfForm(req: Request): string {
  const referer = req.get('referer') ?? '';
  const from = URL.canParse(referer) ? new URL(referer) : null;
  const isOurs = from !== null && from.host === req.get('host');
  return (isOurs ? safeNext(from.pathname + from.search) : null) ?? paths.home();
}

/** The rule of a route; the page "Check access" asks it, too. */
export function routeRule(wanted: RouteAccess): AccessRule<null> {
  return {
    rule: `The page is for ${forWhom[wanted]}`,
    holds: (viewer) =>
      wanted === 'session' || (wanted === 'staff' ? isStaff(viewer) : viewer.role === wanted),
    finding: ({ name, role }) => `${name} is ${role}`,
  };
}

type RouteAccess = Exclude<Access, 'anyone'>;

const forWhom: Record<RouteAccess, string> = {
  session: 'everybody who is signed in',
  referrer: 'referrers',
  staff: 'staff',
  admin: 'admins',
};
