// While an admin acts as a referrer every page says so, since when, and until when; each page opened is kept; and
// what belongs to the referrer alone (password, address, second step, sessions) is out of reach.
import type { RequestHandler } from 'express';
import type { ImpersonationService } from '../../impersonation/index.ts';
import { formatTime } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import type { PageRoute } from '../endpoint.ts';
import { readerZoneOf } from '../forms/fields.ts';
import { paths } from '../paths.ts';
import { forbidden } from '../problem.ts';
import { wantsFragment, wantsJson } from '../respond.ts';

export function acting(impersonation: Pick<ImpersonationService, 'current'>): RequestHandler {
  return async (req, res, next) => {
    const viewer = viewerOf(res);
    if (viewer?.actingAdmin && isOfAccount(req.path)) throw forbidden(notInTheirName);
    const isPage = !wantsJson(req) && !wantsFragment(req);
    const episode = viewer?.actingAdmin && isPage ? await impersonation.current(viewer) : null;
    if (episode) {
      const zone = readerZoneOf(req.headers.cookie) ?? 'UTC';
      res.locals.acting = {
        since: formatTime(episode.startedAt, zone),
        until: formatTime(episode.expiresAt, zone),
        untilAt: episode.expiresAt.toISOString(),
      };
    }
    next();
  };
}

const notInTheirName =
  'While acting as somebody you cannot see or change what belongs to their account. Stop acting first.';

/** In any case of letters: the router does not mind them either. */
function isOfAccount(path: string): boolean {
  const asked = path.toLowerCase();
  return asked === paths.account() || asked.startsWith(`${paths.account()}/`);
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Behind the check of access: what was refused was not seen. Of the address only what the route and ids say. */
export function keepSeen(impersonation: Pick<ImpersonationService, 'saw'>, route: PageRoute): RequestHandler {
  return async (req, res, next) => {
    const viewer = viewerOf(res);
    if (viewer?.actingAdmin && route.method === 'get') {
      const path = route.path.replaceAll(/:(\w+)/g, (name, key: string) => {
        const given = req.params[key];
        return typeof given === 'string' && uuid.test(given) ? given : name;
      });
      await impersonation.saw(viewer, path);
    }
    next();
  };
}
