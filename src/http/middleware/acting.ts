// While an admin acts as a referrer, every page shows the banner with start and end, every page view is recorded, and
// the referrer's own account (password, address, second step, sessions) is closed.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Viewer } from '../../accounts/index.ts';
import type { ImpersonationService } from '../../impersonation/index.ts';
import { formatTime } from '../../lib/dates.ts';
import { isUuid } from '../../lib/uuid.ts';
import { episodeOf, sessionLeftOf, viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { pageZoneOf } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import { forbidden } from '../problem.ts';
import { isPolling, isFragmentPoll } from '../respond.ts';
import { recordDenial, type AccessDeps } from './access.ts';

export function acting(deps: AccessDeps): RequestHandler {
  return (req, res, next) => {
    const viewer = viewerOf(res);
    // Polled fragments have no banner, and do not extend the episode.
    const episode = isFragmentPoll(req) ? null : episodeOf(res);
    // Every page names the episode it was rendered for: the tabs of a browser compare it (acting.js).
    res.locals.episodeId = episode?.id ?? '';
    if (episode) {
      // Set on fragments as well, because the browser's countdown uses it.
      if (!isPolling(req)) res.set('X-Acting-Until', episode.expiresAt.toISOString());
      const zone = pageZoneOf(req);
      res.locals.acting = {
        since: formatTime(episode.startedAt, zone),
        until: formatTime(episode.expiresAt, zone),
        secondsLeft: sessionLeftOf(res),
      };
    }
    // Checked last: the page that refuses needs the banner, with the button that stops acting.
    const isRefused = viewer?.actingAdmin && isOfAccount(req.path);
    return isRefused ? refuseAccount(deps, req, res) : next();
  };
}

async function refuseAccount(deps: AccessDeps, req: Request, res: Response): Promise<never> {
  res.locals.route = paths.account();
  await recordDenial(deps, req, res, { while: 'acting', method: req.method });
  throw forbidden(notInTheirName);
}

export const notInTheirName =
  'While acting as somebody you cannot see or change what belongs to their account. Stop acting first.';

/** Case-insensitive, as the router is. */
function isOfAccount(path: string): boolean {
  const lower = path.toLowerCase();
  return lower === paths.account() || lower.startsWith(`${paths.account()}/`);
}

/** Addresses that only tell how long the session lasts. */
const showsNoData = new Set<string>([paths.acting(), paths.session()]);

/** Runs after the access check: refused pages are not recorded. Records the route's pattern and ids, never the URL. */
export function recordPageView(
  impersonation: Pick<ImpersonationService, 'recordPageView'>,
  route: PageRoute,
): RequestHandler {
  const isRecorded = route.method === 'get' && !showsNoData.has(route.path);
  return (req, res, next) => {
    const viewer = viewerOf(res);
    return isRecorded && viewer?.actingAdmin ? record(req, viewer, next) : next();
  };

  async function record(req: Request, viewer: Viewer, next: NextFunction): Promise<void> {
    const path = route.path.replaceAll(/:(\w+)/g, (name, key: string) => {
      const given = req.params[key];
      return isUuid(given) ? given : name;
    });
    await impersonation.recordPageView(viewer, path, route.isPolled && isFragmentPoll(req));
    next();
  }
}
