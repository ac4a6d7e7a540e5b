// Reads whose session a request has, and restores an admin's own session after acting.
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { keptVersionColumn } from '../db/kept-version.ts';
import { sendTogether, type Query, type Statement } from '../db/statements.ts';
import type { AccountDeps } from './account.deps.ts';
import { hasAdminCookie, hasSessionCookie, sessionToken } from './auth.internals.ts';
import { isRefusedDemo, isRole, needsTwoFactor, organizationOf, type Role, type Viewer } from './viewer.ts';

/** A session ends after this time without a request. An admin who acts is staff. */
export const idleMinutes = { staff: 30, referrer: 120 } as const;

interface Row {
  session_id: string;
  user_id: string;
  name: string;
  email: string;
  role: string;
  banned: boolean;
  two_factor_enabled: boolean;
  organization_id: string | null;
  organization_name: string | null;
  requires_two_factor: boolean | null;
  admin_id: string | null;
  admin_name: string | null;
  admin_role: string | null;
  admin_banned: boolean | null;
  impersonator_session_id: string | null;
  /** For an acting session: the admin's own session has expired. */
  is_own_over: boolean;
  /** Milliseconds until it expires. Not a date, because parsing one takes as long as the rest of the row. */
  left_ms: number;
  /** Milliseconds since the last request. */
  idle_ms: number;
  episode_id: string | null;
  /** Null when nobody acts; the times below are then null as well. */
  episode_started_at: Date | null;
  expires_at: Date | null;
  last_seen_at: Date | null;
  now: Date | null;
  kept_version: number;
}

/** Everything that decides who is signed in, in one statement. */
const ownerOf = (key: 'token' | 'id') => `
  select s.id as session_id, u.id as user_id, u.name, u.email, u.role, u.banned, u.two_factor_enabled,
    o.id as organization_id, o.name as organization_name, o.requires_two_factor,
    a.id as admin_id, a.name as admin_name, a.role as admin_role, a.banned as admin_banned, s.impersonator_session_id,
    s.impersonated_by is not null and coalesce(own.expires_at <= clock_timestamp(), true) as is_own_over,
    date_part('epoch', s.expires_at - clock_timestamp()) * 1000 as left_ms,
    date_part('epoch', clock_timestamp() - s.last_seen_at) * 1000 as idle_ms,
    i.id as episode_id, i.started_at as episode_started_at, case when i.id is not null then s.expires_at end as expires_at,
    case when i.id is not null then s.last_seen_at end as last_seen_at,
    case when i.id is not null then clock_timestamp() end as now, ${keptVersionColumn}
  from sessions s
    join users u on u.id = s.user_id
    left join members m on m.user_id = u.id
    left join organizations o on o.id = m.organization_id
    left join users a on a.id = s.impersonated_by
    left join sessions own on own.id = s.impersonator_session_id
    left join impersonations i on i.session_id = s.id
  where s.${key} = $1 and s.expires_at > clock_timestamp()`;

const ownerByToken: Statement = { name: 'owner of a session by token', text: ownerOf('token') };
const ownerById: Statement = { name: 'owner of a session by id', text: ownerOf('id') };

const lockedPeople: Statement = {
  name: 'lock the people of a session',
  text: 'select id from users where id = any($1::uuid[]) order by id for key share',
};
const lockedOwner: Statement = {
  name: 'lock a session and its owner',
  text: `${ownerOf('id')} for key share of s`,
};

/** One stretch of acting: its start, and its end without further activity. */
export interface ActingEpisode {
  id: string;
  startedAt: Date;
  expiresAt: Date;
}

export interface SessionOwner {
  viewer: Viewer;
  /** The person has to use two-step sign-in, and has not set it up. */
  mustSetUpTwoFactor: boolean;
  /** When the session ends unless another request comes. A duration: the clocks of browsers differ. */
  leftMs: number;
  /** Null when nobody acts. */
  episode: ActingEpisode | null;
}

/** Null when the person, or the admin acting as them, may no longer sign in. An unknown role gets no access. */
function roleIn(row: Row): Role | null {
  if (row.banned || !isRole(row.role)) return null;
  if (row.admin_id && (row.admin_banned || row.admin_role !== 'admin' || row.is_own_over)) return null;
  return row.role;
}

/**
 * Reads the viewer again, in the transaction that writes what they asked for: a request that waits for Acuity or the file
 * store may outlive their rights. Null when their session is over. The locks keep people and session until the commit, and
 * let other requests of the session record their activity. Lock order everywhere: people, then sessions.
 */
export async function lockViewer(
  trx: Transaction,
  { sessionId, userId, actingAdmin }: Viewer,
): Promise<Viewer | null> {
  const people: Query = { ...lockedPeople, values: [actingAdmin ? [userId, actingAdmin.id] : [userId]] };
  const owner: Query<Row> = { ...lockedOwner, values: [sessionId] };
  const [, [row]] = await sendTogether(trx, people, owner);
  const role = row ? roleIn(row) : null;
  return row && role ? toViewer(row, role) : null;
}

/** The person of a session, read from the database once a request; null when it is idle, or no longer valid. */
async function ownerOfRow(
  { db, audit }: { db: Database; audit: AuditLog },
  row: Row,
  { isPolling = false }: { isPolling?: boolean },
): Promise<SessionOwner | null> {
  const role = roleIn(row);
  if (!role) return null;
  const isStaffAtKeyboard = role !== 'referrer' || row.admin_id !== null;
  const longestIdleMs = idleMinutes[isStaffAtKeyboard ? 'staff' : 'referrer'] * 60_000;
  const { idle_ms: idleMs } = row;
  if (idleMs > longestIdleMs) {
    await endIdle(db, audit, row);
    return null;
  }
  // Written at most once a minute.
  const isTouched = idleMs > 60_000 && !isPolling;
  if (isTouched) await touch(db, row);
  const leftMs = Math.min(row.left_ms, longestIdleMs - (isTouched ? 0 : idleMs));
  const viewer = toViewer(row, role);
  const organization = { requiresTwoFactor: row.requires_two_factor ?? false };
  return {
    viewer,
    mustSetUpTwoFactor: !row.two_factor_enabled && needsTwoFactor(viewer, organization),
    leftMs,
    episode: episodeIn(row, longestIdleMs, isTouched),
  };
}

function episodeIn(row: Row, longestIdleMs: number, isTouched: boolean): ActingEpisode | null {
  const {
    episode_id: id,
    episode_started_at: startedAt,
    expires_at: expiry,
    last_seen_at: lastSeen,
    now,
  } = row;
  if (id === null || !startedAt || !expiry || !lastSeen || !now) return null;
  const seenAt = isTouched ? now : lastSeen;
  const expiresAt = new Date(Math.min(expiry.getTime(), seenAt.getTime() + longestIdleMs));
  return { id, startedAt, expiresAt };
}

function toViewer(row: Row, role: Role): Viewer {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role,
    organization: organizationOf(row),
    actingAdmin: row.admin_id === null ? null : { id: row.admin_id, name: row.admin_name ?? '' },
  };
}

/**
 * Acting also keeps the admin's own session alive. Two statements avoid a deadlock: starting and stopping to act lock the
 * admin's session first, then the acting one.
 */
async function touch(
  db: Database,
  { session_id: sessionId, impersonator_session_id: ownId }: Row,
): Promise<void> {
  const touched = { last_seen_at: db.raw('clock_timestamp()') };
  if (ownId) await db('sessions').where({ id: ownId }).update(touched);
  await db('sessions').where({ id: sessionId }).update(touched);
}

async function endIdle(db: Database, audit: AuditLog, row: Row): Promise<void> {
  const { session_id: sessionId } = row;
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

type Needs = Pick<AccountDeps, 'auth' | 'baseUrl' | 'db' | 'statements' | 'audit' | 'allowsDemoAccounts'>;

/** The parts of a request that tell who is signed in. */
export interface SessionRequest {
  /** The header of this name. */
  cookie: string | undefined;
  /** All headers. Built only when better-auth needs them. */
  headers(): Headers;
}

export interface CurrentSession {
  viewer: Viewer | null;
  /** See SessionOwner; 0 without a session. */
  leftMs: number;
  /** The browser has the cookie of a session that is over. */
  hasEnded: boolean;
  /** Set-Cookie lines. */
  cookies: string[];
  /** Null when nobody acts. */
  episode: ActingEpisode | null;
  /** Acting ended without the admin stopping it; their own session was restored. */
  isAdminRestored: boolean;
  /** The viewer has to set up two-step sign-in, and may do nothing else before. */
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
  request: SessionRequest,
  asked: ViewerOptions,
): Promise<CurrentSession> {
  if (request.cookie === undefined) return nobody(false, []);
  const token = sessionToken(deps, request.cookie);
  const sentAt = performance.now();
  const [row] = token === null ? [] : await deps.statements.shortRows<Row>(ownerByToken, [token]);
  if (row) deps.keptVersion.confirm(row.kept_version, sentAt);
  const owner = row ? await ownerOfRow(deps, row, asked) : null;
  const current = owner && !isRefusedDemo(deps, owner.viewer.email) ? owner : null;
  const restored =
    current || !asked.canRestoreAdminSession ? null : await restoreAdminSession(deps, request.headers());
  const found = current ?? restored;
  const cookies =
    restored?.cookies ?? (token !== null && !row ? await clearEnded(deps, request.headers()) : []);
  if (!found) return nobody(hasSessionCookie(deps.baseUrl, request.cookie), cookies);
  return {
    viewer: found.viewer,
    leftMs: found.leftMs,
    hasEnded: false,
    cookies,
    episode: found.episode,
    isAdminRestored: restored !== null,
    mustSetUpTwoFactor: found.mustSetUpTwoFactor,
  };
}

function nobody(hasEnded: boolean, cookies: string[]): CurrentSession {
  return {
    viewer: null,
    leftMs: 0,
    hasEnded,
    cookies,
    episode: null,
    isAdminRestored: false,
    mustSetUpTwoFactor: false,
  };
}

/** The session of the cookie has ended or expired: better-auth deletes what is left of it. @returns Set-Cookie lines */
async function clearEnded({ auth }: Needs, headers: Headers): Promise<string[]> {
  const { api } = await auth();
  const { headers: answered } = await api.getSession({ headers, returnHeaders: true });
  return answered.getSetCookie();
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
  const [row] = sessionId ? await deps.statements.rows<Row>(ownerById, [sessionId]) : [];
  const owner = row ? await ownerOfRow(deps, row, {}) : null;
  if (!owner || owner.viewer.role !== 'admin' || isRefusedDemo(deps, owner.viewer.email)) return null;
  // When the browser has lost only the acting cookie, no request can end that session: delete it here.
  await deps.db('sessions').where({ impersonator_session_id: sessionId }).delete();
  const { api } = await deps.auth();
  const { headers: answered } = await api.restoreAdminSession({ headers, returnHeaders: true });
  return { ...owner, cookies: answered.getSetCookie() };
}

/** The admin's own session, from the second cookie; null without one. */
export async function findAdminSessionId({ auth, baseUrl }: Needs, headers: Headers): Promise<string | null> {
  if (!hasAdminCookie(baseUrl, headers)) return null;
  const { api } = await auth();
  return (await api.findAdminSession({ headers })).sessionId;
}

/** Set-Cookie lines that clear the second cookie; empty when there is none. */
export async function clearAdminCookie({ auth, baseUrl }: Needs, headers: Headers): Promise<string[]> {
  if (!hasAdminCookie(baseUrl, headers)) return [];
  const { api } = await auth();
  const { headers: answered } = await api.clearAdminCookie({ headers, returnHeaders: true });
  return answered.getSetCookie();
}

/** Set-Cookie lines that clear the cookies of a session that has ended. */
export async function clearCookies(deps: Needs, headers: Headers): Promise<string[]> {
  const { api } = await deps.auth();
  const { headers: answered } = await api.signOut({ headers, returnHeaders: true });
  return [...answered.getSetCookie(), ...(await clearAdminCookie(deps, headers))];
}
