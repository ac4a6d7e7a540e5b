// While an admin acts as a referrer every page says so, since when, and until when; each page opened is kept; and
// what belongs to the referrer alone (password, address, second step, sessions) is out of reach.
import type { RequestHandler } from 'express';
import type { ImpersonationService } from '../../impersonation/index.ts';
import { formatTime } from '../../lib/dates.ts';
import { isUuid } from '../../lib/uuid.ts';
import { viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { readerZoneOf } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import { forbidden } from '../problem.ts';
import { isByItself, isPoll } from '../respond.ts';
import { noteDenial, type AccessDeps } from './access.ts';

interface ActingDeps extends AccessDeps {
  impersonation: Pick<ImpersonationService, 'current'>;
}

export function acting({ impersonation, ...deps }: ActingDeps): RequestHandler {
  return async (req, res, next) => {
    const viewer = viewerOf(res);
    // What a timer asks for has no banner, and moves no end.
    const mayTell = viewer?.actingAdmin && !isPoll(req);
    const episode = mayTell ? await impersonation.current(viewer) : null;
    // Every page says in whose name it was made: the tabs of a browser agree by that (acting.js).
    res.locals.episodeId = episode?.id ?? '';
    if (episode) {
      // Also with a part of a page: what tells the end in the browser follows it.
      if (!isByItself(req)) res.set('X-Acting-Until', episode.expiresAt.toISOString());
      const zone = readerZoneOf(req.headers.cookie) ?? 'UTC';
      res.locals.acting = {
        since: formatTime(episode.startedAt, zone),
        until: formatTime(episode.expiresAt, zone),
        secondsLeft: secondsUntil(episode.expiresAt),
      };
    }
    // Last: the page that refuses has the banner, too, and with it the way out.
    if (viewer?.actingAdmin && isOfAccount(req.path)) {
      res.locals.route = paths.account();
      await noteDenial(deps, req, res, { while: 'acting', method: req.method });
      throw forbidden(notInTheirName);
    }
    next();
  };
}

/** The clocks of browsers are wrong by minutes: they count from when they hear it. */
export function secondsUntil(end: Date): number {
  return Math.max(0, Math.round((end.getTime() - Date.now()) / 1000));
}

export const notInTheirName =
  'While acting as somebody you cannot see or change what belongs to their account. Stop acting first.';

/** In any case of letters: the router does not mind them either. */
function isOfAccount(path: string): boolean {
  const asked = path.toLowerCase();
  return asked === paths.account() || asked.startsWith(`${paths.account()}/`);
}

/** Behind the check of access: what was refused was not seen. Of the address only what the route and ids say. */
export function keepSeen(impersonation: Pick<ImpersonationService, 'saw'>, route: PageRoute): RequestHandler {
  return async (req, res, next) => {
    const viewer = viewerOf(res);
    // Whether one acts shows nothing of anybody.
    if (viewer?.actingAdmin && route.method === 'get' && route.path !== paths.acting()) {
      const path = route.path.replaceAll(/:(\w+)/g, (name, key: string) => {
        const given = req.params[key];
        return isUuid(given) ? given : name;
      });
      await impersonation.saw(viewer, path, route.isPolled && isPoll(req));
    }
    next();
  };
}
