// What was done in a referrer's name, one episode a page: to look at, and to print for the client.
import { idleMinutes, type Episode, type ImpersonationService } from '../../../impersonation/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import { notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';

interface EpisodeRow {
  id: string;
  admin: string;
  actingAs: string;
  reason: string;
  started: string;
  ended: string;
}

export interface EpisodesPage extends PageData {
  episodes: EpisodeRow[];
}

export interface EpisodePage extends PageData {
  episode: EpisodeRow & { email: string };
  steps: { at: string; what: string; about: string; outcome: string }[];
}

export function episodePages({ impersonation }: { impersonation: ImpersonationService }): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/admin/episodes',
      access: 'admin',
      async handle(req, res) {
        const zone = readerZoneOf(req.headers.cookie) ?? 'UTC';
        const episodes = (await impersonation.episodes()).map((episode) => rowOf(episode, zone));
        const page: EpisodesPage = { title: 'Acted as', episodes };
        res.render('impersonation/episodes', page);
      },
    },
    {
      method: 'get',
      path: '/admin/episodes/:id',
      access: 'admin',
      async handle(req, res) {
        const found = await impersonation.episode(String(req.params.id));
        if (!found) throw notFound();
        const zone = readerZoneOf(req.headers.cookie) ?? 'UTC';
        const page: EpisodePage = {
          title: `${found.episode.admin.name} acting as ${found.episode.actingAs.name}`,
          episode: { ...rowOf(found.episode, zone), email: found.episode.actingAs.email },
          steps: found.steps.map(({ at, action, resourceType, resourceId, outcome }) => ({
            at: timeAndDay(at, zone),
            what: action.replaceAll(/[._]/g, ' '),
            about: [resourceType.replaceAll('_', ' '), resourceId].filter(Boolean).join(' '),
            outcome,
          })),
        };
        res.render('impersonation/episode', page);
      },
    },
  ];
}

const endWords: Record<NonNullable<Episode['endReason']>, string> = {
  exit: 'by the way out',
  idle: `after ${idleMinutes} quiet minutes`,
  expired: 'because its time was over',
  session_ended: 'with the admin’s or the referrer’s session',
};

function rowOf(
  { id, admin, actingAs, reason, startedAt, endedAt, endReason }: Episode,
  zone: string,
): EpisodeRow {
  return {
    ...{ id, reason, admin: admin.name, actingAs: actingAs.name },
    started: timeAndDay(startedAt, zone),
    ended: endedAt && endReason ? `${timeAndDay(endedAt, zone)}, ${endWords[endReason]}` : 'Goes on',
  };
}
