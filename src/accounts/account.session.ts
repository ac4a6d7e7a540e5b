// Reads whose session a request has, and restores an admin's own session after acting.
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { AccountDeps } from './account.deps.ts';
import { hasAdminCookie, hasSessionCookie } from './auth.internals.ts';
import { isRefusedDemo, isRole, needsTwoFactor, type Role, type Viewer } from './viewer.ts';

/** A session ends after this time without a request. An admin who acts is staff. */
export const idleMinutes = { staff: 30, referrer: 120 } as const;

interface Row {
  user_id: string;
  name: string;
  email: string;
  role: string;
  banned: boolean;
  two_factor_enabled: boolean;
  organization_id: string | null;
  organization_name: string | null;
  admin_id: string | null;
  admin_name: string | null;
  admin_role: string | null;
  admin_banned: boolean | null;
  impersonator_session_id: string | null;
  /** For an acting session: the admin's own session has expired. */
  is_own_over: boolean;
  /** Until the absolute end. */
  left_ms: number;
  /** Since the last request. */
  idle_ms: number;
}

export interface SessionOwner {
  viewer: Viewer;
  hasTwoFactor: boolean;
  /** When the session ends unless another request comes. A duration: the clocks of browsers differ. */
  leftMs: number;
}

/**
 * The person of a session, read from the database; null when they, or the admin acting as them, may no longer sign in.
 * Roles are read here, once a request; an unknown role gets no access.
 */
export async function ownerOfSession(
  { db, audit }: { db: Database; audit: AuditLog },
  sessionId: string,
  { isPolling = false }: { isPolling?: boolean } = {},
): Promise<SessionOwner | null> {
  const row = await readSession(db, sessionId);
  if (!row || row.banned || !isRole(row.role)) return null;
  if (row.admin_id && (row.admin_banned || row.admin_role !== 'admin' || row.is_own_over)) return null;
  const isStaffAtKeyboard = row.role !== 'referrer' || row.admin_id !== null;
  const longestIdleMs = idleMinutes[isStaffAtKeyboard ? 'staff' : 'referrer'] * 60_000;
  if (row.idle_ms > longestIdleMs) {
    await endIdle(db, audit, sessionId, row);
    return null;
  }
  // Written at most once a minute.
  const isTouched = row.idle_ms > 60_000 && !isPolling;
  if (isTouched) await touch(db, row.impersonator_session_id, sessionId);
  return {
    viewer: toViewer(row, row.role, sessionId),
    hasTwoFactor: row.two_factor_enabled,
    leftMs: Math.min(row.left_ms, longestIdleMs - (isTouched ? 0 : row.idle_ms)),
  };
}

async function readSession(db: Queryable, sessionId: string): Promise<Row | undefined> {
  return (await db('sessions as s')
    .join('users as u', 'u.id', 's.user_id')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .leftJoin('users as a', 'a.id', 's.impersonated_by')
    .leftJoin('sessions as own', 'own.id', 's.impersonator_session_id')
    .where('s.id', sessionId)
    .whereRaw('s.expires_at > clock_timestamp()')
    .first({
      user_id: 'u.id',
      name: 'u.name',
      email: 'u.email',
      role: 'u.role',
      banned: 'u.banned',
      two_factor_enabled: 'u.two_factor_enabled',
      organization_id: 'o.id',
      organization_name: 'o.name',
      admin_id: 'a.id',
      admin_name: 'a.name',
      admin_role: 'a.role',
      admin_banned: 'a.banned',
      impersonator_session_id: 's.impersonator_session_id',
      is_own_over: db.raw(
        `s.impersonated_by is not null and coalesce(own.expires_at <= clock_timestamp(), true)`,
      ),
      left_ms: db.raw(`(extract(epoch from s.expires_at - clock_timestamp()) * 1000)::float8`),
      idle_ms: db.raw(`(extract(epoch from clock_timestamp() - s.last_seen_at) * 1000)::float8`),
    })) as Row | undefined;
}

function toViewer(row: Row, role: Role, sessionId: string): Viewer {
  return {
    sessionId,
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role,
    organization:
      role === 'referrer' && row.organization_id && row.organization_name
        ? { id: row.organization_id, name: row.organization_name }
        : null,
    actingAdmin: row.admin_id === null ? null : { id: row.admin_id, name: row.admin_name ?? '' },
  };
}

/**
 * Acting keeps the admin's own session alive, too. Two statements, to avoid a deadlock: starting and stopping to act lock
 * the admin's session, then the acting one.
 */
async function touch(db: Database, ownId: string | null, sessionId: string): Promise<void> {
  const touched = { last_seen_at: db.raw('clock_timestamp()') };
  if (ownId) await db('sessions').where({ id: ownId }).update(touched);
  await db('sessions').where({ id: sessionId }).update(touched);
}

async function endIdle(db: Database, audit: AuditLog, sessionId: string, row: Row): Promise<void> {
  await db.transaction(async (trx) => {
    const ended = await trx('sessions').where({ id: sessionId }).delete();
    // The room of impersonation records the end of acting.
    if (ended === 0 || row.admin_id) return;
    await audit.record(
      trx,
      { actorId: row.user_id, actingAsId: null, request: null },
      {
        action: 'auth.signed_out',
        resourceType: 'session',
        resourceId: sessionId,
        metadata: { reason: 'idle' },
      },
    );
  });
}

type Needs = Pick<AccountDeps, 'auth' | 'db' | 'audit' | 'allowsDemoAccounts'>;

export interface CurrentSession {
  viewer: Viewer | null;
  /** See SessionOwner; 0 without a session. */
  leftMs: number;
  /** The browser has the cookie of a session that is over. */
  hasEnded: boolean;
  /** Set-Cookie lines. */
  cookies: string[];
  /** Acting ended without the admin stopping it; their own session was restored. */
  isAdminRestored: boolean;
  /** Staff without two-step sign-in may only set it up. */
  mustSetUpTwoFactor: boolean;
}

export interface ViewerOptions {
  /** Requested by a timer of the page: does not count as activity. */
  isPolling?: boolean;
  /** Restores the admin's own session when acting has ended without the admin stopping it. */
  canRestoreAdminSession?: boolean;
}

export async function currentSession(
  deps: AccountDeps,
  headers: Headers,
  asked: ViewerOptions,
): Promise<CurrentSession> {
  const nobody = { viewer: null, leftMs: 0, mustSetUpTwoFactor: false, isAdminRestored: false };
  if (!headers.has('cookie')) return { ...nobody, hasEnded: false, cookies: [] };
  const { response, headers: answered } = await deps.auth.api.getSession({ headers, returnHeaders: true });
  const owner = response ? await ownerOfSession(deps, response.session.id, asked) : null;
  const here = owner && !isRefusedDemo(deps, owner.viewer.email) ? owner : null;
  const back = here || !asked.canRestoreAdminSession ? null : await restoreAdminSession(deps, headers);
  const found = here ?? back;
  const cookies = back?.cookies ?? answered.getSetCookie();
  if (!found) return { ...nobody, hasEnded: hasSessionCookie(deps.auth, headers), cookies };
  return {
    viewer: found.viewer,
    leftMs: found.leftMs,
    hasEnded: false,
    cookies,
    isAdminRestored: back !== null,
    mustSetUpTwoFactor: needsTwoFactor(found.viewer) && !found.hasTwoFactor,
  };
}

export interface RestoredAdminSession extends SessionOwner {
  /** Set-Cookie lines that put the admin's own session back. */
  cookies: string[];
}

/** Null when there is none, or it is not valid: expired, idle, ended, or no longer an admin's. */
export async function restoreAdminSession(
  deps: Needs,
  headers: Headers,
): Promise<RestoredAdminSession | null> {
  const sessionId = await findAdminSessionId(deps, headers);
  const owner = sessionId ? await ownerOfSession(deps, sessionId) : null;
  if (!owner || owner.viewer.role !== 'admin' || isRefusedDemo(deps, owner.viewer.email)) return null;
  // When the browser has lost only the acting cookie, no request can end that session: delete it here.
  await deps.db('sessions').where({ impersonator_session_id: sessionId }).delete();
  const { headers: answered } = await deps.auth.api.restoreAdminSession({ headers, returnHeaders: true });
  return { ...owner, cookies: answered.getSetCookie() };
}

/** The admin's own session, from the second cookie; null without one. */
export async function findAdminSessionId({ auth }: Needs, headers: Headers): Promise<string | null> {
  return hasAdminCookie(auth, headers) ? (await auth.api.findAdminSession({ headers })).sessionId : null;
}

/** Set-Cookie lines that clear the second cookie; empty when there is none. */
export async function clearAdminCookie({ auth }: Needs, headers: Headers): Promise<string[]> {
  if (!hasAdminCookie(auth, headers)) return [];
  const { headers: answered } = await auth.api.clearAdminCookie({ headers, returnHeaders: true });
  return answered.getSetCookie();
}

/** Set-Cookie lines that clear the cookies of a session that has ended. */
export async function clearCookies(deps: Needs, headers: Headers): Promise<string[]> {
  const { headers: answered } = await deps.auth.api.signOut({ headers, returnHeaders: true });
  return [...answered.getSetCookie(), ...(await clearAdminCookie(deps, headers))];
}
