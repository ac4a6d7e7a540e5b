// While an admin acts as a referrer every page says so, since when, and until when.
import type { RequestHandler } from 'express';
import type { ImpersonationService } from '../../impersonation/index.ts';
import { formatTime } from '../../lib/dates.ts';
import { viewerOf } from '../actor.ts';
import { readerZoneOf } from '../forms/fields.ts';
import { wantsFragment, wantsJson } from '../respond.ts';

export function acting(impersonation: Pick<ImpersonationService, 'current' | 'sawPage'>): RequestHandler {
  return async (req, res, next) => {
    const viewer = viewerOf(res);
    const isPage = !wantsJson(req) && !wantsFragment(req);
    const episode = viewer?.actingAdmin && isPage ? await impersonation.current(viewer) : null;
    if (episode) {
      if (req.method === 'GET') await impersonation.sawPage(episode.id, req.path);
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
