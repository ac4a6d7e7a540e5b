// Ending sessions: by their owner, by signing out, by expiry, after a restore. A person's list of sessions does not
// include those of an admin who acts as them.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { RequestFacts } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { JobDefinition } from '../ports/job-queue.ts';
import type { AccountDeps } from './account.deps.ts';
import { isUuid } from '../lib/uuid.ts';
import { clearAdminCookie, idleMinutes, findAdminSessionId } from './account.session.ts';
import { joinTransaction } from './auth.internals.ts';
import { removeExpiredForms } from './kept-forms.ts';
import { type Actor, auditActor, isStaff, type Viewer } from './viewer.ts';

export interface OwnSession {
  id: string;
  isThisOne: boolean;
  signedInAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  ip: string | null;
  userAgent: string | null;
}

export interface OwnSessions {
  /** Valid sessions: this one first, then by last use. */
  list(viewer: Viewer): Promise<OwnSession[]>;
  /** false when this person has no such session. */
  end(sessionId: string, actor: Actor): Promise<boolean>;
  /** Ends all sessions, including this one. @returns how many */
  endAll(actor: Actor): Promise<number>;
}

export function createOwnSessions(deps: AccountDeps): OwnSessions {
  return {
    list: (viewer) => listSessions(deps.db, viewer),
    end: async (sessionId, actor) =>
      isUuid(sessionId) && (await endSessions(deps, actor, { id: sessionId })) > 0,
    endAll: (actor) => endSessions(deps, actor, {}),
  };
}

async function listSessions(db: Database, viewer: Viewer): Promise<OwnSession[]> {
  const rows = await db('sessions')
    .where({ user_id: viewer.userId })
    .whereNull('impersonated_by')
    .whereRaw('expires_at > clock_timestamp()')
    // An idle session is deleted when it is next used; until then it is not valid.
    .whereRaw(`last_seen_at >= clock_timestamp() - ? * interval '1 minute'`, [
      idleMinutes[isStaff(viewer) ? 'staff' : 'referrer'],
    ])
    .orderByRaw('id = ? desc, last_seen_at desc', [viewer.sessionId])
    .limit(100)
    .select('id', 'created_at', 'last_seen_at', 'expires_at', 'ip_address', 'user_agent');
  return rows.map((row) => ({
    id: row.id,
    isThisOne: row.id === viewer.sessionId,
    signedInAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    ip: row.ip_address || null,
    userAgent: row.user_agent || null,
  }));
}

/** Deletes the person's sessions, not those of an admin acting as them, with an audit row each. @returns how many */
export async function endOwnSessions(
  { audit }: Pick<AccountDeps, 'audit'>,
  trx: Transaction,
  actor: Actor,
  which: (sessions: Knex.QueryBuilder) => void,
  reasonFor: (sessionId: string) => string,
): Promise<number> {
  const ended = await trx('sessions')
    .where({ user_id: actor.viewer.userId })
    .modify(which)
    .whereNull('impersonated_by')
    .delete()
    .returning<{ id: string }[]>('id');
  for (const { id } of ended) {
    await audit.record(trx, auditActor(actor), {
      action: 'auth.signed_out',
      resourceType: 'session',
      resourceId: id,
      metadata: { reason: reasonFor(id) },
    });
  }
  return ended.length;
}

function endSessions(deps: AccountDeps, actor: Actor, which: { id?: string }): Promise<number> {
  const reasonFor = (id: string) => (id === actor.viewer.sessionId ? 'everywhere' : 'from_another_session');
  return deps.db.transaction((trx) =>
    endOwnSessions(deps, trx, actor, (sessions) => void sessions.where(which), reasonFor),
  );
}

/** @returns Set-Cookie lines */
export async function signOut(
  deps: AccountDeps,
  headers: Headers,
  viewer: Viewer | null,
  request: RequestFacts,
): Promise<string[]> {
  const adminSessionId = await findAdminSessionId(deps, headers);
  const { api } = await deps.auth();
  const response = await deps.db.transaction(async (trx) => {
    if (viewer?.actingAdmin) {
      const own = trx('sessions').where({ id: viewer.sessionId }).select('impersonator_session_id');
      await trx('sessions').whereIn('id', own).delete();
    }
    const answered = await joinTransaction(trx, () => api.signOut({ headers, asResponse: true }));
    if (viewer) {
      await deps.audit.record(trx, auditActor({ viewer, request }), {
        action: 'auth.signed_out',
        resourceType: 'session',
        resourceId: viewer.sessionId,
      });
    }
    await endOwn(trx, deps, [adminSessionId], request, 'signed_out_while_acting');
    return answered;
  });
  return [
    ...response.headers.getSetCookie(),
    ...(await clearAdminCookie(deps, headers)),
    await deps.keptForms.forget(headers.get('cookie') ?? undefined),
  ];
}

/**
 * Ends the session whose cookie a new sign-in replaces; for an acting session the admin's own, too. No browser can end
 * them afterwards.
 * @returns Set-Cookie lines
 */
export async function endReplaced(
  deps: AccountDeps,
  headers: Headers,
  request: RequestFacts,
): Promise<string[]> {
  const { api } = await deps.auth();
  const replaced = headers.has('cookie') ? await api.getSession({ headers }) : null;
  const adminSessionId = await findAdminSessionId(deps, headers);
  await deps.db.transaction((trx) =>
    endOwn(trx, deps, [replaced?.session.id, adminSessionId], request, 'signed_in_again'),
  );
  return clearAdminCookie(deps, headers);
}

/** Deletes these sessions. For an acting session, deletes the admin's own session, and the acting one goes with it. */
async function endOwn(
  trx: Transaction,
  { audit }: AccountDeps,
  ids: (string | null | undefined)[],
  request: RequestFacts,
  reason: string,
): Promise<void> {
  const named = ids.filter((id) => typeof id === 'string');
  if (named.length === 0) return;
  const adminSessions = trx('sessions').whereIn('id', named).select('impersonator_session_id');
  const ended = await trx('sessions')
    .where((either) => void either.whereIn('id', named).orWhereIn('id', adminSessions))
    .whereNull('impersonated_by')
    .delete()
    .returning(['id', 'user_id']);
  for (const { id, user_id } of ended) {
    await audit.record(
      trx,
      { actorId: user_id, actingAsId: null, request },
      { action: 'auth.signed_out', resourceType: 'session', resourceId: id, metadata: { reason } },
    );
  }
}

/** Runs each hour. */
export const removeExpiredSessionsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_expired_sessions',
  payload: z.object({}),
};

/** Deletes expired sessions, unfinished sign-ins, old used codes and kept forms. @returns how many sessions */
export async function removeExpired(db: Database): Promise<number> {
  await db('verifications').whereRaw('expires_at < clock_timestamp()').delete();
  await db('used_two_factor_codes').whereRaw(`used_at < clock_timestamp() - interval '5 minutes'`).delete();
  await removeExpiredForms(db);
  return db('sessions').whereRaw('expires_at < clock_timestamp()').delete();
}

/**
 * After a restore: the backup contains sessions that have ended since, and password links that were used since.
 * Invitations stay valid: people whose account is lost need them.
 */
export async function endAllAccess(trx: Transaction): Promise<{ sessions: number; links: number }> {
  const sessions = await trx('sessions').delete();
  const links = await trx('account_links')
    .whereNull('used_at')
    .whereNull('revoked_at')
    .whereNot({ kind: 'invitation' })
    .update({ revoked_at: trx.raw('clock_timestamp()') });
  return { sessions, links };
}
