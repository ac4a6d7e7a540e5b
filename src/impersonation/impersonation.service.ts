import {
  auditActor,
  joinTransaction,
  type Accounts,
  type Actor,
  type Auth,
  type Viewer,
} from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Ids } from '../ports/ids.ts';
import {
  actingIdleMinutes,
  longestHours,
  type Episode,
  type EpisodeQuery,
  type EpisodeStep,
  type FoundReferrer,
  type StartFailure,
} from './impersonation.ts';
import { createPageRecord, episodeOf, hasEpisode, listEpisodes } from './impersonation.episodes.ts';
import { createReferrerSearch, findReferrer, recentReferrers } from './referrer.search.ts';

export interface Started {
  actingAs: { id: string; name: string; email: string };
  admin: { id: string; name: string };
  startedAt: Date;
  /** The idle time-out; each request extends it, up to `longestHours` in all. */
  expiresAt: Date;
  cookies: string[];
}

export interface ImpersonationService {
  search(query: string): Promise<FoundReferrer[]>;
  /** A referrer who may be acted as. */
  find(userId: string): Promise<FoundReferrer | null>;
  /** The last ten referrers this admin acted as. */
  recent(adminId: string): Promise<FoundReferrer[]>;
  start(
    actor: Actor,
    headers: Headers,
    userId: string,
    reason: string,
  ): Promise<Result<Started, StartFailure>>;
  /** Ends the acting session, and restores the admin's own when it is still valid. */
  exit(headers: Headers, viewer: Viewer): Promise<{ isAdminBack: boolean; cookies: string[] }>;
  /**
   * Records a page view, before the page is answered.
   * @param path with ids, without user input
   * @param isPolling requested by a timer of the page: recorded once an episode
   */
  recordPageView(viewer: Viewer, path: string, isPolling?: boolean): Promise<void>;
  /** Ends idle and expired episodes without waiting for a request. @returns how many */
  endIdle(): Promise<number>;
  episode(id: string): Promise<{ episode: Episode; steps: EpisodeStep[] } | null>;
  hasEpisode(id: string): Promise<boolean>;
  episodes(query: EpisodeQuery): Promise<{ episodes: Episode[]; isMore: boolean }>;
}

export interface ImpersonationDeps {
  db: Database;
  auth: Auth;
  audit: AuditLog;
  ids: Ids;
  accounts: Pick<Accounts, 'restoreAdminSession' | 'clearCookies'>;
}

export function createImpersonation(deps: ImpersonationDeps): ImpersonationService {
  const { db, accounts } = deps;
  const record = createPageRecord(db);
  return {
    search: createReferrerSearch(db),
    find: (userId) => findReferrer(db, userId),
    recent: (adminId) => recentReferrers(db, adminId),

    async start(actor, headers, userId, reason) {
      if (actor.viewer.actingAdmin) return failure({ reason: 'acting_already' });
      if (userId === actor.viewer.userId) return failure({ reason: 'oneself' });
      // Before the transaction: the first call loads better-auth, and locks would wait for it.
      const { api } = await deps.auth();
      return db.transaction((trx) => begin(trx, deps, api, actor, headers, userId, reason));
    },

    async exit(headers, viewer) {
      await db.transaction(async (trx) => {
        await trx.raw(`select set_config('examdesk.end_reason', 'exit', true)`);
        await trx('sessions').where({ id: viewer.sessionId }).whereNotNull('impersonated_by').delete();
      });
      const restored = await accounts.restoreAdminSession(headers);
      if (restored) return { isAdminBack: true, cookies: restored.cookies };
      return { isAdminBack: false, cookies: await accounts.clearCookies(headers) };
    },

    recordPageView: (viewer, path, isPolling = false) => record(viewer, path, isPolling),
    endIdle: () => endIdle(db),
    episode: (id) => episodeOf(db, id),
    hasEpisode: (id) => hasEpisode(db, id),
    episodes: (query) => listEpisodes(db, query),
  };
}

/**
 * An active referrer with an organisation. Locks both people until the transaction ends, so that neither is banned or
 * moved meanwhile. Lock order everywhere: people, then sessions.
 */
async function mayBeActedAs(trx: Transaction, userId: string, adminId: string): Promise<boolean> {
  if (!isUuid(userId)) return false;
  await trx('users').whereIn('id', [userId, adminId]).orderBy('id').forShare().select('id');
  const found: unknown = await trx('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.id': userId, 'u.role': 'referrer', 'u.banned': false })
    .first('u.id');
  return found !== undefined;
}

async function begin(
  trx: Transaction,
  { audit, ids }: ImpersonationDeps,
  api: Awaited<ReturnType<Auth>>['api'],
  actor: Actor,
  headers: Headers,
  userId: string,
  reason: string,
): Promise<Result<Started, StartFailure>> {
  if (!(await mayBeActedAs(trx, userId, actor.viewer.userId))) return failure({ reason: 'not_a_referrer' });
  // The acting session depends on the admin's own (foreign key, on delete cascade). Deletes earlier acting sessions:
  // one admin acts as one referrer, however often the button was pressed.
  const own = { id: actor.viewer.sessionId, user_id: actor.viewer.userId };
  if (!(await trx('sessions').where(own).forUpdate().first('id')))
    return failure({ reason: 'session_ended' });
  await trx.raw(`select set_config('examdesk.end_reason', 'exit', true)`);
  await trx('sessions').where({ impersonator_session_id: own.id }).delete();

  const { response, headers: answered } = await joinTransaction(trx, () =>
    api.impersonateUser({ body: { userId }, headers, returnHeaders: true }),
  );
  const session = await linkToAdminSession(trx, own.id, response.session.id);
  const id = ids.uuid();
  const [row] = await trx('impersonations')
    .insert({ id, admin_id: own.user_id, user_id: userId, session_id: response.session.id, reason })
    .returning('started_at');
  if (!row) throw new Error('insert into impersonations returned no row');
  const startedAt = row.started_at;
  await audit.record(
    trx,
    { ...auditActor(actor), actingAsId: userId },
    {
      action: 'impersonation.started',
      resourceType: 'user',
      resourceId: userId,
      metadata: { impersonationId: id, reason },
    },
  );
  const { name, email } = response.user;
  return ok({
    actingAs: { id: userId, name, email },
    admin: { id: own.user_id, name: actor.viewer.name },
    startedAt,
    expiresAt: new Date(
      Math.min(startedAt.getTime() + actingIdleMinutes * 60_000, session.expires_at.getTime()),
    ),
    cookies: answered.getSetCookie(),
  });
}

/** The acting session ends with the admin's own at the latest. */
async function linkToAdminSession(
  trx: Transaction,
  ownId: string,
  sessionId: string,
): Promise<{ expires_at: Date }> {
  const [session] = await trx('sessions as s')
    .updateFrom('sessions as own')
    .where({ 's.id': sessionId, 'own.id': ownId })
    .update({
      impersonator_session_id: ownId,
      expires_at: trx.raw(`least(own.expires_at, clock_timestamp() + ? * interval '1 hour')`, [longestHours]),
    })
    .returning<{ expires_at: Date }[]>('s.expires_at');
  if (!session) throw new Error(`The acting session ${sessionId} was deleted while acting started`);
  return session;
}

/** A trigger on sessions records each end, with its audit row. */
async function endIdle(db: Queryable): Promise<number> {
  return db('sessions')
    .whereNotNull('impersonated_by')
    .whereRaw(
      `(expires_at <= clock_timestamp() or last_seen_at < clock_timestamp() - ? * interval '1 minute')`,
      [actingIdleMinutes],
    )
    .delete();
}
