// Two-step sign-in: codes of an authenticator app, and recovery codes. better-auth's plugin stores and checks them;
// this file adds what it lacks: a code works once, and who must have it.
import type { Knex } from 'knex';
import type { Queryable, Transaction } from '../db/knex.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AccountDeps } from './account.deps.ts';
import type { BetterAuth } from './auth.ts';
import { isUuid } from '../lib/uuid.ts';
import { renewSecondSteps } from './changed-secret.ts';
import { endOwnSessions } from './account.session-ends.ts';
import { decryptSecret, joinTransaction, setUpRefusalOf } from './auth.internals.ts';
import { auditActor, mayAdminister, needsTwoFactor, type Actor, type Viewer } from './viewer.ts';

export type TwoFactorFailure =
  | { reason: 'wrong_password' }
  | { reason: 'wrong_code' }
  /** The set-up was not started, or two-step sign-in is on already. */
  | { reason: 'not_now' }
  /** Staff must have it, and referrers whose organisation requires it. */
  | { reason: 'required' }
  | { reason: 'too_many'; retryAfterMs: number };

type Outcome<T> = Result<T, TwoFactorFailure>;

export interface TwoFactorState {
  isOn: boolean;
  isRequired: boolean;
  /** Unused recovery codes; null while it is off. */
  recoveryCodesLeft: number | null;
}

export interface TwoFactor {
  state(viewer: Viewer): Promise<TwoFactorState>;
  /** Creates the secret, which takes effect when a code made with it is confirmed in the same session. */
  begin(actor: Actor, headers: Headers, password: string): Promise<Outcome<null>>;
  /** What the app needs; null when no set-up was started in this session. */
  pending(viewer: Viewer): Promise<{ uri: string; secret: string } | null>;
  /** Turns it on and ends all other sessions. Recovery codes are returned only here. */
  confirm(
    actor: Actor,
    headers: Headers,
    code: string,
  ): Promise<Outcome<{ recoveryCodes: string[]; cookies: string[] }>>;
  renewRecoveryCodes(
    actor: Actor,
    headers: Headers,
    password: string,
  ): Promise<Outcome<{ recoveryCodes: string[] }>>;
  turnOff(actor: Actor, headers: Headers, password: string): Promise<Outcome<{ cookies: string[] }>>;
  /** By an admin, for a person who lost phone and recovery codes: ends their sessions; they set it up again. */
  reset(
    userId: string,
    actor: Actor,
  ): Promise<Result<null, { reason: 'not_allowed' } | { reason: 'not_found' } | { reason: 'oneself' }>>;
}

export function createTwoFactor(deps: AccountDeps): TwoFactor {
  const guarded = <T>(actor: Actor, work: Guarded<T>) => limited(deps, actor, work);
  return {
    async state(viewer) {
      const user = await deps.db('users').where({ id: viewer.userId }).first('two_factor_enabled');
      const isOn = user?.two_factor_enabled ?? false;
      const recoveryCodesLeft = isOn ? (await codesLeft(deps, viewer.userId)).length : null;
      return { isOn, isRequired: await isRequired(deps.db, viewer), recoveryCodesLeft };
    },

    begin: (actor, headers, password) =>
      guarded(actor, async (trx, api) => {
        await joinTransaction(trx, () =>
          api.enableTwoFactor({ body: { password, method: 'totp' }, headers }),
        );
        const { userId, sessionId } = actor.viewer;
        await trx('two_factors').where({ user_id: userId }).update({ begun_in_session_id: sessionId });
        await record(deps, trx, actor, 'two_factor_begun');
        return ok(null);
      }),

    async pending(viewer) {
      await renewSecondSteps(deps.db, deps.secrets, viewer.userId);
      const row = await findBegun(deps.db, viewer);
      if (!row) return null;
      const secret = base32(await decryptSecret(await deps.auth(), row.secret));
      const query = new URLSearchParams({ secret, issuer: 'Examdesk', digits: '6', period: '30' });
      return {
        uri: `otpauth://totp/Examdesk:${encodeURIComponent(viewer.email)}?${query.toString()}`,
        secret,
      };
    },

    confirm: (actor, headers, code) =>
      guarded(actor, async (trx, api) => {
        // Blocks sign-ins of this person: inserting a session waits for the user's row.
        await trx('users').where({ id: actor.viewer.userId }).forUpdate().first('id');
        if (!(await findBegun(trx, actor.viewer))) return failure({ reason: 'not_now' });
        await endOthers(deps, trx, actor);
        const { headers: answered } = await joinTransaction(trx, () =>
          api.verifyTOTP({ body: { code }, headers, returnHeaders: true }),
        );
        await useCode(deps, trx, actor.viewer.userId, code);
        await record(deps, trx, actor, 'two_factor_on');
        await tell(deps, trx, actor);
        const { backupCodes } = await joinTransaction(trx, () =>
          api.viewBackupCodes({ body: { userId: actor.viewer.userId } }),
        );
        return ok({ recoveryCodes: backupCodes, cookies: answered.getSetCookie() });
      }),

    renewRecoveryCodes: (actor, headers, password) =>
      guarded(actor, async (trx, api) => {
        const { backupCodes } = await joinTransaction(trx, () =>
          api.generateBackupCodes({ body: { password }, headers }),
        );
        await record(deps, trx, actor, 'recovery_codes_renewed');
        await tell(deps, trx, actor);
        return ok({ recoveryCodes: backupCodes });
      }),

    async turnOff(actor, headers, password) {
      return guarded(actor, async (trx, api) => {
        if (await isRequired(trx, actor.viewer)) return failure({ reason: 'required' });
        const { headers: answered } = await joinTransaction(trx, () =>
          api.disableTwoFactor({ body: { password }, headers, returnHeaders: true }),
        );
        await record(deps, trx, actor, 'two_factor_off');
        await tell(deps, trx, actor);
        return ok({ cookies: answered.getSetCookie() });
      });
    },

    async reset(userId, actor) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'not_allowed' });
      if (!isUuid(userId)) return failure({ reason: 'not_found' });
      // Admins must not remove their own second step without password and code.
      if (userId === actor.viewer.userId) return failure({ reason: 'oneself' });
      return deps.db.transaction(async (trx) => {
        const [user] = await trx('users')
          .where({ id: userId })
          .update({ two_factor_enabled: false })
          .returning('email');
        if (!user) return failure({ reason: 'not_found' });
        await trx('two_factors').where({ user_id: userId }).delete();
        await trx('sessions').where({ user_id: userId }).delete();
        await record(deps, trx, actor, 'two_factor_reset', userId);
        await deps.announce(trx, { kind: 'two_factor_changed', recipient: user.email, linkId: null });
        return ok(null);
      });
    },
  };
}

async function isRequired(db: Queryable, viewer: Viewer): Promise<boolean> {
  const own = viewer.organization?.id;
  const row = own ? await db('organizations').where({ id: own }).first('requires_two_factor') : undefined;
  return needsTwoFactor(viewer, { requiresTwoFactor: row?.requires_two_factor ?? false });
}

async function findBegun(db: Queryable, viewer: Viewer): Promise<{ secret: string } | undefined> {
  return await db('two_factors')
    .where({ user_id: viewer.userId, verified: false, begun_in_session_id: viewer.sessionId })
    .first('secret');
}

/** Ends the person's sessions that were opened with the password alone. better-auth replaces the current one. */
async function endOthers(deps: AccountDeps, trx: Transaction, actor: Actor): Promise<void> {
  const others = (sessions: Knex.QueryBuilder) => void sessions.whereNot({ id: actor.viewer.sessionId });
  await endOwnSessions(deps, trx, actor, others, () => 'two_factor_on');
}

type Guarded<T> = (trx: Transaction, api: BetterAuth['api']) => Promise<Outcome<T>>;

/** Runs better-auth's change and its audit row in one transaction; turns its refusals into values. */
async function limited<T>(deps: AccountDeps, actor: Actor, work: Guarded<T>): Promise<Outcome<T>> {
  const retryAfterMs = await deps.limits.count('second_factor', actor.viewer.userId, actor.request.ip);
  if (retryAfterMs > 0) return failure({ reason: 'too_many', retryAfterMs });
  const { api } = await deps.auth();
  try {
    return await deps.db.transaction(async (trx) => {
      await renewSecondSteps(trx, deps.secrets, actor.viewer.userId);
      return work(trx, api);
    });
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    if (refusal.reason === 'wrong_code') await recordFailure(deps, actor);
    return refusal;
  }
}

/** A code works once, even within its half minute. */
export class CodeUsedBefore extends Error {}

/** @throws CodeUsedBefore, which rolls the transaction back */
export async function useCode(
  { digests }: Pick<AccountDeps, 'digests'>,
  trx: Transaction,
  userId: string,
  code: string,
): Promise<void> {
  const used = `${userId}:${code}`;
  await trx('used_two_factor_codes')
    .where({ user_id: userId })
    .whereRaw(`used_at < clock_timestamp() - interval '5 minutes'`)
    .delete();
  const earlier = await trx('used_two_factor_codes').where({ user_id: userId }).pluck('digest');
  // The key may have been changed since.
  if (earlier.some((digest) => digests.isOf(digest, used))) throw new CodeUsedBefore();
  const inserted = await trx('used_two_factor_codes')
    .insert({ user_id: userId, digest: digests.of(used) })
    .onConflict()
    .ignore()
    .returning('user_id');
  if (inserted.length === 0) throw new CodeUsedBefore();
}

function refusalOf(
  error: unknown,
): ReturnType<typeof failure<{ reason: 'wrong_password' | 'wrong_code' | 'not_now' }>> | null {
  if (error instanceof CodeUsedBefore) return failure({ reason: 'wrong_code' });
  const reason = setUpRefusalOf(error);
  return reason ? failure({ reason }) : null;
}

async function codesLeft(deps: AccountDeps, userId: string): Promise<string[]> {
  await renewSecondSteps(deps.db, deps.secrets, userId);
  const { api } = await deps.auth();
  const { backupCodes } = await api.viewBackupCodes({ body: { userId } });
  return backupCodes;
}

async function record(
  deps: AccountDeps,
  trx: Transaction,
  actor: Actor,
  change: string,
  userId = actor.viewer.userId,
): Promise<void> {
  await deps.audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'user',
    resourceId: userId,
    metadata: { change },
  });
}

async function recordFailure(deps: AccountDeps, actor: Actor): Promise<void> {
  await deps.audit.record(deps.db, auditActor(actor), {
    action: 'auth.two_factor_failed',
    resourceType: 'user',
    resourceId: actor.viewer.userId,
    outcome: 'failure',
    metadata: { while: 'setting_up' },
  });
}

function tell(deps: AccountDeps, trx: Transaction, actor: Actor): Promise<void> {
  return deps.announce(trx, { kind: 'two_factor_changed', recipient: actor.viewer.email, linkId: null });
}

/** RFC 4648 without padding, as authenticator apps expect. */
function base32(text: string): string {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => letters[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}
