// Where one is signed in, and ending it from elsewhere. An admin acting has a session of the admin's, not listed here.
import type { Knex } from 'knex';
import type { Database, Transaction } from '../db/knex.ts';
import type { AccountDeps } from './account.deps.ts';
import { isId } from './account.input.ts';
import { idleMinutes } from './account.repository.ts';
import { auditActor, isStaff, type Actor, type Viewer } from './viewer.ts';

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
  /** Those that still open something: this one first, then the latest used. */
  list(viewer: Viewer): Promise<OwnSession[]>;
  /** false when there is no such session of this person (any more). */
  end(sessionId: string, actor: Actor): Promise<boolean>;
  /** This one, too; how many there were. */
  endAll(actor: Actor): Promise<number>;
}

export function createOwnSessions(deps: AccountDeps): OwnSessions {
  return {
    list: (viewer) => listSessions(deps.db, viewer),
    end: async (sessionId, actor) =>
      isId(sessionId) && (await endSessions(deps, actor, { id: sessionId })) > 0,
    endAll: (actor) => endSessions(deps, actor, {}),
  };
}

async function listSessions(db: Database, viewer: Viewer): Promise<OwnSession[]> {
  const query = db('sessions')
    .where({ user_id: viewer.userId })
    .whereNull('impersonated_by')
    .whereRaw('expires_at > clock_timestamp()')
    .orderByRaw('id = ? desc, last_seen_at desc', [viewer.sessionId])
    .limit(100);
  // Of staff, one that was idle too long ends when it is next used, and opens nothing till then.
  if (isStaff(viewer))
    void query.whereRaw(`last_seen_at >= clock_timestamp() - ? * interval '1 minute'`, [idleMinutes]);
  const rows = (await query.select(
    'id',
    'created_at',
    'last_seen_at',
    'expires_at',
    'ip_address',
    'user_agent',
  )) as {
    id: string;
    created_at: Date;
    last_seen_at: Date;
    expires_at: Date;
    ip_address: string | null;
    user_agent: string | null;
  }[];
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

/** Sessions of the person's own, each with its audit row; those of an admin acting are the admin's. How many there were. */
export async function endOwnSessions(
  { audit }: Pick<AccountDeps, 'audit'>,
  trx: Transaction,
  actor: Actor,
  which: (sessions: Knex.QueryBuilder) => void,
  reasonFor: (sessionId: string) => string,
): Promise<number> {
  const ended = (await trx('sessions')
    .where({ user_id: actor.viewer.userId })
    .modify(which)
    .whereNull('impersonated_by')
    .delete()
    .returning('id')) as { id: string }[];
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
