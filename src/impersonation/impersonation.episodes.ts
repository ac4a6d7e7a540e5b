// What is told of an episode afterwards: who, why, every page seen and every change made.
import type { Viewer } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { Episode, EpisodeStep } from './impersonation.ts';

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** @param isOnce not again what the episode has */
export async function savePage(db: Queryable, viewer: Viewer, path: string, isOnce: boolean): Promise<void> {
  const kept = path.slice(0, 300);
  await db.raw(
    `insert into impersonation_views (impersonation_id, path)
     select i.id, ? from impersonations i where i.session_id = ? and not (?::boolean and exists (
       select from impersonation_views v where v.impersonation_id = i.id and v.path = ?))`,
    [kept, viewer.sessionId, isOnce, kept],
  );
}

export async function newestEpisodes(db: Queryable, limit: number): Promise<Episode[]> {
  const rows = (await selectEpisodes(db).orderBy('i.started_at', 'desc').limit(limit)) as EpisodeRow[];
  return rows.map(toEpisode);
}

interface EpisodeRow {
  id: string;
  admin_id: string;
  admin_name: string;
  user_id: string;
  user_name: string;
  user_email: string;
  reason: string;
  started_at: Date;
  ended_at: Date | null;
  end_reason: Episode['endReason'];
}

function selectEpisodes(db: Queryable) {
  return db('impersonations as i')
    .join('users as a', 'a.id', 'i.admin_id')
    .join('users as u', 'u.id', 'i.user_id')
    .select('i.*', { admin_name: 'a.name', user_name: 'u.name', user_email: 'u.email' });
}

function toEpisode(row: EpisodeRow): Episode {
  return {
    id: row.id,
    admin: { id: row.admin_id, name: row.admin_name },
    actingAs: { id: row.user_id, name: row.user_name, email: row.user_email },
    reason: row.reason,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    endReason: row.end_reason,
  };
}

export async function episodeOf(
  db: Queryable,
  id: string,
): Promise<{ episode: Episode; steps: EpisodeStep[] } | null> {
  if (!uuid.test(id)) return null;
  const row = (await selectEpisodes(db).where('i.id', id).first()) as EpisodeRow | undefined;
  if (!row) return null;
  const steps = (await db('audit_log')
    .where({ actor_id: row.admin_id, acting_as_id: row.user_id })
    .where('at', '>=', row.started_at)
    .modify((query) => {
      if (row.ended_at) void query.where('at', '<=', new Date(row.ended_at.getTime() + 1_000));
    })
    .orderBy('id')
    .limit(2_000)
    .select('at', 'action', 'resource_type', 'resource_id', 'outcome')) as {
    at: Date;
    action: string;
    resource_type: string;
    resource_id: string | null;
    outcome: string;
  }[];
  const views = (await db('impersonation_views')
    .where({ impersonation_id: id })
    .orderBy('id')
    .limit(2_000)
    .select('at', 'path')) as { at: Date; path: string }[];
  const done = steps.map(
    ({ at, action, resource_type, resource_id, outcome }): EpisodeStep => ({
      ...{ at, action, outcome },
      resourceType: resource_type,
      resourceId: resource_id,
    }),
  );
  const seen = views.map(
    ({ at, path }): EpisodeStep => ({
      ...{ at, action: 'page.seen', outcome: 'success' },
      ...{ resourceType: 'page', resourceId: path },
    }),
  );
  return {
    episode: toEpisode(row),
    steps: [...done, ...seen].toSorted((a, b) => a.at.getTime() - b.at.getTime()),
  };
}
