// Episodes: the list, and one episode with all its steps, printable for the client.
import { createSealedSearch, wordsOfSearch, type SealedSearch } from '../../forms/sealed-search.ts';
import { withQuery } from '../links.ts';
import type { PageServices } from '../page-services.ts';
import { actorOf } from '../../actor.ts';
import type { Request, Response } from 'express';
import { actingIdleMinutes, type Episode, type EpisodeStep } from '../../../impersonation/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { lasting, timeAndDay } from '../when.ts';
import { outcomeWords, stepWords } from './episode-words.ts';

interface EpisodeRow {
  id: string;
  admin: string;
  actingAs: string;
  reason: string;
  started: string;
  ended: string;
  /** `12 minutes`; of an active episode, until now. */
  lasted: string;
}

export interface EpisodesPage extends PageData {
  query: string;
  episodes: EpisodeRow[];
  zone: string;
  newer: string | null;
  older: string | null;
}

interface StepRow {
  at: string;
  what: string;
  about: string;
  /** Link to the record. */
  href: string | null;
  outcome: string;
}

export interface EpisodePage extends PageData {
  episode: EpisodeRow & { email: string };
  zone: string;
  seen: number;
  changed: number;
  steps: StepRow[];
}

type Services = Pick<PageServices, 'impersonation' | 'clock'>;

export function episodePages(services: Services & Pick<PageServices, 'config'>): PageRoute[] {
  const sealed = createSealedSearch(services.config.BETTER_AUTH_SECRET);
  return [
    {
      method: 'get',
      path: '/admin/episodes',
      access: 'admin',
      handle: (req, res) => showList(services, sealed, req, res),
    },
    {
      method: 'get',
      path: '/admin/episodes/:id',
      access: 'admin',
      handle: (req, res) => showOne(services, req, res),
    },
  ];
}

async function showList(
  { impersonation, clock }: Services,
  sealed: SealedSearch,
  req: Request,
  res: Response,
): Promise<void> {
  const query = wordsOfSearch(sealed, req, res);
  if (query === null) return;
  const asked = typeof req.query.page === 'string' ? req.query.page : '';
  const page = /^[1-9]\d{0,5}$/.test(asked) ? Number(asked) : 1;
  const { episodes, isMore } = await impersonation.episodes({ query, page });
  const find = query === '' ? null : sealed.seal(actorOf(req, res).viewer.userId, query);
  const pageAt = (at: number) => withQuery(paths.episodes(), { find, page: String(at) });
  const now = clock.now();
  const zone = pageZoneOf(req);
  res.render('impersonation/episodes', {
    title: 'Acted as',
    query,
    episodes: episodes.map((episode) => rowOf(episode, zone, now)),
    zone: zoneName(zone, now),
    newer: page > 1 ? pageAt(page - 1) : null,
    older: isMore ? pageAt(page + 1) : null,
  } satisfies EpisodesPage);
}

async function showOne({ impersonation, clock }: Services, req: Request, res: Response): Promise<void> {
  const found = await impersonation.episode(String(req.params.id));
  if (!found) throw notFound();
  const { episode, steps } = found;
  const zone = pageZoneOf(req);
  const seen = steps.filter(({ action }) => action === 'page.seen').length;
  res.render('impersonation/episode', {
    title: `${episode.admin.name} acting as ${episode.actingAs.name}`,
    episode: { ...rowOf(episode, zone, clock.now()), email: episode.actingAs.email },
    zone: zoneName(zone, episode.startedAt),
    seen,
    changed: steps.filter(isChange).length,
    steps: steps.map((step) => stepRow(step, zone)),
  } satisfies EpisodePage);
}

function isChange({ action, outcome }: EpisodeStep): boolean {
  return outcome === 'success' && /^(booking|document|record)\.(?!viewed|downloaded)/.test(action);
}

function stepRow(step: EpisodeStep, zone: string): StepRow {
  const { at, resourceType, resourceId, subject } = step;
  return {
    at: timeAndDay(at, zone),
    what: stepWords(step),
    about: subject ?? '',
    href: hrefOf(resourceType, resourceId),
    outcome: outcomeWords(step),
  };
}

function hrefOf(type: string, id: string | null): string | null {
  if (!id) return null;
  if (type === 'booking') return paths.booking(id);
  if (type === 'document') return paths.documentReceipt(id);
  // Page views without a record hold the route's pattern, which is no URL.
  return type === 'page' && !id.includes(':') ? id : null;
}

const endWords: Record<NonNullable<Episode['endReason']>, string> = {
  exit: 'ended by the admin',
  idle: `after ${actingIdleMinutes} minutes of inactivity`,
  expired: 'time limit reached',
  session_ended: 'ended with the session',
};

function rowOf(
  { id, admin, actingAs, reason, startedAt, endedAt, endReason }: Episode,
  zone: string,
  now: Date,
): EpisodeRow {
  return {
    id,
    reason,
    admin: admin.name,
    actingAs: actingAs.name,
    started: timeAndDay(startedAt, zone),
    ended: endedAt && endReason ? `${timeAndDay(endedAt, zone)}, ${endWords[endReason]}` : 'Active',
    lasted: lasting(startedAt, endedAt ?? now),
  };
}
