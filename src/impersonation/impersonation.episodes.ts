// The record of an episode: who, why, every page viewed and every change made.
import type { Viewer } from '../accounts/index.ts';
import type { AuditAction, AuditOutcome } from '../audit/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { escapeLike } from '../db/search.ts';
import { isUuid, uuidPattern, uuidShape } from '../lib/uuid.ts';
import type { Episode, EpisodeQuery, EpisodeStep } from './impersonation.ts';

const mostRemembered = 1_000;

/**
 * Polled pages are recorded once an episode. They are requested every few seconds and views are never deleted, so this
 * process remembers which ones it has recorded.
 */
export function createPageRecord(
  db: Queryable,
): (viewer: Viewer, path: string, isOnce: boolean) => Promise<void> {
  const remembered = new Set<string>();

  return async (viewer, path, isOnce) => {
    const page = `${viewer.sessionId} ${path}`;
    if (isOnce && remembered.has(page)) return;
    await savePage(db, viewer, path, isOnce);
    if (!isOnce) return;
    if (remembered.size === mostRemembered) remembered.clear();
    remembered.add(page);
  };
}

/** @param isOnce skips a page that the episode has already */
async function savePage(db: Queryable, viewer: Viewer, path: string, isOnce: boolean): Promise<void> {
  const kept = path.slice(0, 300);
  await db.raw(
    `insert into impersonation_views (impersonation_id, path)
     select i.id, ? from impersonations i where i.session_id = ? and not (?::boolean and exists (
       select from impersonation_views v where v.impersonation_id = i.id and v.path = ?))`,
    [kept, viewer.sessionId, isOnce, kept],
  );
}

const aPage = 50;

/** Newest first. @param page from 1 */
export async function listEpisodes(
  db: Queryable,
  { query, page }: EpisodeQuery,
): Promise<{ episodes: Episode[]; isMore: boolean }> {
  const like = `%${escapeLike(query)}%`;
  const rows: EpisodeRow[] = await selectEpisodes(db)
    .modify((found) => {
      if (query !== '')
        void found.whereRaw(`concat_ws(' ', u.name, u.email, a.name, a.email) ilike ?`, [like]);
    })
    .orderBy([
      { column: 'i.started_at', order: 'desc' },
      { column: 'i.id', order: 'desc' },
    ])
    .offset((page - 1) * aPage)
    .limit(aPage + 1);
  return { episodes: rows.slice(0, aPage).map(toEpisode), isMore: rows.length > aPage };
}

type EpisodeRow = RowOf<'impersonations'> & { admin_name: string; user_name: string; user_email: string };

function selectEpisodes(db: Queryable) {
  return db('impersonations as i')
    .join('users as a', 'a.id', 'i.admin_id')
    .join('users as u', 'u.id', 'i.user_id')
    .select<EpisodeRow[]>('i.*', { admin_name: 'a.name', user_name: 'u.name', user_email: 'u.email' });
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

/** Does not read its steps, which may be thousands. */
export async function hasEpisode(db: Queryable, id: string): Promise<boolean> {
  return isUuid(id) && (await db('impersonations').where({ id }).first('id')) !== undefined;
}

export async function episodeOf(
  db: Queryable,
  id: string,
): Promise<{ episode: Episode; steps: EpisodeStep[] } | null> {
  if (!isUuid(id)) return null;
  const row = await selectEpisodes(db).where('i.id', id).first();
  if (!row) return null;
  const found = [...(await changesOf(db, row)), ...(await pagesOf(db, id))];
  const subjects = await subjectsOf(db, found);
  const steps = found.map((step) => ({
    ...step,
    subject:
      idsIn(step.resourceId ?? '')
        .map((one) => subjects.get(one))
        .find(Boolean) ?? null,
    isLate: row.ended_at !== null && step.at > graceAfter(row.ended_at),
  }));
  return { episode: toEpisode(row), steps: steps.toSorted((a, b) => a.at.getTime() - b.at.getTime()) };
}

type Found = Omit<EpisodeStep, 'subject' | 'isLate'>;

/** The audit row of the end is written a moment after it. */
function graceAfter(end: Date): Date {
  return new Date(end.getTime() + 1_000);
}

/**
 * Without a limit: an episode lasts four hours at most. A change that was requested in it and settled later (after an
 * answer of Acuity was lost) belongs to it, not to a later episode of the same two people.
 */
async function changesOf(db: Queryable, episode: EpisodeRow): Promise<Found[]> {
  const end = episode.ended_at && graceAfter(episode.ended_at);
  const { rows } = await db.raw<{
    rows: {
      at: Date;
      action: AuditAction;
      resource_type: string;
      resource_id: string | null;
      outcome: AuditOutcome;
    }[];
  }>(
    `select l.at, l.action, l.resource_type, l.resource_id, l.outcome
     from audit_log l
     -- Rows written before 0.3.0 say intentionId.
     cross join lateral (select coalesce(l.metadata ->> 'attemptId', l.metadata ->> 'intentionId') as id) requested
     left join booking_attempts n on n.id = case when requested.id ~* :shape then requested.id::uuid end
     where l.actor_id = :admin and l.acting_as_id = :user and l.at >= :start
       and coalesce(n.created_at, l.at) between :start and coalesce(:end::timestamptz, 'infinity')
       and coalesce(l.metadata ->> 'impersonationId', :id) = :id
     order by l.id`,
    {
      admin: episode.admin_id,
      user: episode.user_id,
      start: episode.started_at,
      end,
      id: episode.id,
      shape: uuidPattern,
    },
  );
  return rows.map(({ at, action, resource_type: resourceType, resource_id: resourceId, outcome }) => ({
    at,
    action,
    resourceType,
    resourceId,
    outcome,
  }));
}

async function pagesOf(db: Queryable, id: string): Promise<Found[]> {
  const views = await db('impersonation_views')
    .where({ impersonation_id: id })
    .orderBy('id')
    .select('at', 'path');
  return views.map(({ at, path }) => ({
    at,
    action: 'page.seen',
    outcome: 'success',
    resourceType: 'page',
    resourceId: path,
  }));
}

function idsIn(text: string): string[] {
  return text.toLowerCase().match(new RegExp(uuidShape, 'g')) ?? [];
}

/** Display names: a booking's reference, the reference of a document's booking, a person's name. */
async function subjectsOf(db: Queryable, steps: Found[]): Promise<Map<string, string>> {
  const ids = [...new Set(steps.flatMap(({ resourceId }) => idsIn(resourceId ?? '')))];
  const { rows } = await db.raw<{ rows: { id: string; name: string }[] }>(
    `with asked as (select unnest(?::uuid[]) as id)
     select id, reference as name from bookings join asked using (id)
     union all select d.id, b.reference from documents d join asked using (id) join bookings b on b.id = d.booking_id
     union all select id, reference from booking_attempts join asked using (id)
     union all select id, name from specialists join asked using (id)
     union all select id, name from users join asked using (id)`,
    [ids],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
