// Whom a session speaks for, and the session of an admin behind one in which they act.
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable } from '../db/knex.ts';
import type { AccountDeps } from './account.deps.ts';
import { hasAdminCookie } from './auth.internals.ts';
import { isRefusedDemo, isRole, needsTwoFactor, type Role, type Viewer } from './viewer.ts';

/** As long may staff be away, and whoever of them acts as somebody; then the session ends. */
export const idleMinutes = 30;

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
  /** Of an acting session: the admin's own session behind it is out of time. */
  is_own_over: boolean;
  expires_at: Date;
  is_idle: boolean;
  is_stale: boolean;
}

export interface SessionOwner {
  viewer: Viewer;
  hasTwoFactor: boolean;
  expiresAt: Date;
}

/**
 * Whom a session speaks for, as the database has it now; null when that person (or the admin acting as them)
 * may not work any more. Roles are derived here, once a request, and an unknown role gets nothing.
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
  if (isStaffAtKeyboard && row.is_idle) {
    await endIdle(db, audit, sessionId, row);
    return null;
  }
  if (row.is_stale && !isPolling) await touch(db, row.impersonator_session_id, sessionId);
  return {
    viewer: toViewer(row, row.role, sessionId),
    hasTwoFactor: row.two_factor_enabled,
    expiresAt: row.expires_at,
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
      expires_at: 's.expires_at',
      is_idle: db.raw(`s.last_seen_at < clock_timestamp() - ? * interval '1 minute'`, [idleMinutes]),
      is_stale: db.raw(`s.last_seen_at < clock_timestamp() - interval '1 minute'`),
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
 * Acting keeps the admin's own session awake, too. One statement for each: whoever begins or ends acting holds the
 * admin's own and waits for the acting one.
 */
async function touch(db: Database, ownId: string | null, sessionId: string): Promise<void> {
  const touched = { last_seen_at: db.raw('clock_timestamp()') };
  if (ownId) await db('sessions').where({ id: ownId }).update(touched);
  await db('sessions').where({ id: sessionId }).update(touched);
}

async function endIdle(db: Database, audit: AuditLog, sessionId: string, row: Row): Promise<void> {
  await db.transaction(async (trx) => {
    const ended = await trx('sessions').where({ id: sessionId }).delete();
    // The end of acting is told by the room that began it.
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
  expiresAt: Date | null;
  /** To be handed on as Set-Cookie. */
  cookies: string[];
  /** Acting as somebody had ended otherwise than by its way out: this is the admin again. */
  isAdminRestored: boolean;
  /** Staff without two-factor reach nothing but its set-up. */
  mustSetUpTwoFactor: boolean;
}

export interface ViewerOptions {
  /** By a timer of the page's, and by nobody: that keeps no session awake. */
  isPolling?: boolean;
  /** When acting as somebody has ended otherwise than by its way out, the admin's own session is taken up again. */
  canRestoreAdminSession?: boolean;
}

export async function currentSession(
  deps: AccountDeps,
  headers: Headers,
  asked: ViewerOptions,
): Promise<CurrentSession> {
  const nobody = { viewer: null, expiresAt: null, mustSetUpTwoFactor: false, isAdminRestored: false };
  if (!headers.has('cookie')) return { ...nobody, cookies: [] };
  const { response, headers: answered } = await deps.auth.api.getSession({ headers, returnHeaders: true });
  const owner = response ? await ownerOfSession(deps, response.session.id, asked) : null;
  const here = owner && !isRefusedDemo(deps, owner.viewer.email) ? owner : null;
  const back = here || !asked.canRestoreAdminSession ? null : await restoreAdminSession(deps, headers);
  const found = here ?? back;
  const cookies = back?.cookies ?? answered.getSetCookie();
  if (!found) return { ...nobody, cookies };
  return {
    viewer: found.viewer,
    expiresAt: found.expiresAt,
    cookies,
    isAdminRestored: back !== null,
    mustSetUpTwoFactor: needsTwoFactor(found.viewer) && !found.hasTwoFactor,
  };
}

export interface RestoredAdminSession extends SessionOwner {
  /** Set-Cookie lines that make the admin's own session that of this browser again. */
  cookies: string[];
}

/** Null when nothing is behind, or nothing that may be worked in: out of time, idle, ended, or no admin's any more. */
export async function restoreAdminSession(
  deps: Needs,
  headers: Headers,
): Promise<RestoredAdminSession | null> {
  const sessionId = await findAdminSessionId(deps, headers);
  const owner = sessionId ? await ownerOfSession(deps, sessionId) : null;
  if (!owner || owner.viewer.role !== 'admin' || isRefusedDemo(deps, owner.viewer.email)) return null;
  // A browser that lost the acting cookie alone: nobody could end that session any more.
  await deps.db('sessions').where({ impersonator_session_id: sessionId }).delete();
  const { headers: answered } = await deps.auth.api.restoreAdminSession({ headers, returnHeaders: true });
  return { ...owner, cookies: answered.getSetCookie() };
}

/** The id of the session that the cookie beside names; null when there is none. */
export async function findAdminSessionId({ auth }: Needs, headers: Headers): Promise<string | null> {
  return hasAdminCookie(headers) ? (await auth.api.findAdminSession({ headers })).sessionId : null;
}

/** Set-Cookie lines after which the browser has nothing of the admin's any more; none when it has nothing now. */
export async function clearAdminCookie({ auth }: Needs, headers: Headers): Promise<string[]> {
  if (!hasAdminCookie(headers)) return [];
  const { headers: answered } = await auth.api.clearAdminCookie({ headers, returnHeaders: true });
  return answered.getSetCookie();
}

/** Set-Cookie lines after which it has nothing of any session: of one that has ended already. */
export async function clearCookies(deps: Needs, headers: Headers): Promise<string[]> {
  const { headers: answered } = await deps.auth.api.signOut({ headers, returnHeaders: true });
  return [...answered.getSetCookie(), ...(await clearAdminCookie(deps, headers))];
}
