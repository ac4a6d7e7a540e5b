import type { Request, RequestHandler, Response } from 'express';
import { auditActor, isStaff, type AccessRule, type Accounts, type Viewer } from '../../accounts/index.ts';
import type { AuditLog } from '../../audit/index.ts';
import type { Database } from '../../db/knex.ts';
import { actorOf, hasSessionEnded, viewerOf } from '../actor.ts';
import type { Access } from '../endpoint.ts';
import { refererPath, safeNext } from '../next-path.ts';
import { paths } from '../paths.ts';
import { forbidden, notSignedIn } from '../problem.ts';
import { isFragmentPoll, wantsFragment, wantsJson } from '../respond.ts';
import { keepForm } from './kept-forms.ts';

export interface AccessDeps {
  db: Database;
  audit: AuditLog;
  accounts: Pick<Accounts, 'keptForms'>;
}

/**
 * Checks that the viewer may use the route. Without a session, browsers are sent to sign in and programs get 401; the
 * form that was sent is kept, and shown again after the sign-in.
 */
export function access(
  wanted: Access,
  { db, audit, accounts }: AccessDeps,
  { isPage = false }: { isPage?: boolean } = {},
): RequestHandler {
  if (wanted === 'anyone') return (_req, _res, next) => next();
  const rule = routeRule(wanted);
  return (req, res, next) => {
    const viewer = viewerOf(res);
    if (viewer && rule.holds(viewer, null)) return next();
    return refuse(wanted, viewer, req, res);
  };

  async function refuse(
    asked: RouteAccess,
    viewer: Viewer | null,
    req: Request,
    res: Response,
  ): Promise<void> {
    if (!viewer) {
      const isKept = await keepForm(accounts.keptForms, req, res);
      if (wantsJson(req)) throw notSignedIn({ hasSessionEnded: hasSessionEnded(res), isKept });
      // A timer of an open page asks. The page may hold what somebody typed, so session.js tells that the session has ended.
      if (isFragmentPoll(req)) return void res.status(401).set('HX-Reswap', 'none').end();
      const signIn = paths.signIn(req.method === 'GET' ? req.originalUrl : pageOfForm(req, isPage));
      // htmx reads this header before it swaps; otherwise it would insert the sign-in page into the open page.
      if (wantsFragment(req)) res.status(401).set('HX-Redirect', signIn).end();
      else res.redirect(303, signIn);
      return;
    }
    await recordDenial({ db, audit }, req, res, { wanted: asked, role: viewer.role });
    throw forbidden(
      viewer.actingAdmin ? `You are acting as ${viewer.name}. Stop acting to open this page.` : undefined,
    );
  }
}

export async function recordDenial(
  { db, audit }: Pick<AccessDeps, 'db' | 'audit'>,
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

/**
 * The page whose form was sent, to which signing in leads back.
 * @param isPage whether the form's own address is a page as well: used for browsers that do not name the form's page
 */
function pageOfForm(req: Request, isPage: boolean): string {
  return refererPath(req) ?? (isPage ? safeNext(req.originalUrl) : null) ?? paths.home();
}

/** The rule of a route. The page "Check access" uses it as well. */
export function routeRule(wanted: RouteAccess): AccessRule<null> {
  return {
    rule: `The page is for ${accessWords[wanted]}`,
    holds: (viewer) =>
      wanted === 'session' || (wanted === 'staff' ? isStaff(viewer) : viewer.role === wanted),
    finding: ({ name, role }) => `${name} is ${role}`,
  };
}

type RouteAccess = Exclude<Access, 'anyone'>;

const accessWords: Record<RouteAccess, string> = {
  session: 'everybody who is signed in',
  referrer: 'referrers',
  staff: 'staff',
  admin: 'admins',
};
