// Signing in: the password, then the code of an authenticator app if the account has one. Between the two steps a cookie of
// better-auth names the person whose password was right.
import { setTimeout as sleep } from 'node:timers/promises';
import { anonymousActor, type RequestFacts } from '../audit/index.ts';
import { networkOf } from '../lib/addresses.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AccountDeps, SignedIn } from './account.deps.ts';
import type { BetterAuth } from './auth.ts';
import { endReplaced } from './account.session-ends.ts';
import { renewSecondSteps } from './changed-secret.ts';
import { CodeUsedBefore, useCode } from './account.two-factor.ts';
import {
  acceptedAddress,
  codeRefusalOf,
  findChallenge,
  isRefusal,
  joinTransaction,
  joinLateTransaction,
} from './auth.internals.ts';
import { normalised } from './account.limits.ts';
import { isRefusedDemo } from './viewer.ts';

export type SignInFailure =
  | { reason: 'bad_credentials' }
  | { reason: 'too_many'; retryAfterMs: number }
  /** The password was right; the cookies keep that for ten minutes. `secondStep` follows. */
  | { reason: 'second_step'; cookies: string[] };

export async function signIn(
  deps: AccountDeps,
  { email, password }: { email: string; password: string },
  headers: Headers,
  request: RequestFacts,
): Promise<Result<SignedIn, SignInFailure>> {
  const tried = { email, address: request.ip, browserId: deps.browsers.idFor(headers, email) };
  const { refusedMs, slowMs } = await deps.limits.countSignIn(tried);
  if (refusedMs > 0) {
    await recordFailedSignIn(deps, email, request, 'too_many');
    return failure({ reason: 'too_many', retryAfterMs: refusedMs });
  }
  if (slowMs > 0) await sleep(slowMs);
  const answer = await tryPassword(deps, { email, password }, headers, request);
  if (!answer) {
    await recordFailedSignIn(deps, email, request, 'bad_credentials');
    return failure({ reason: 'bad_credentials' });
  }
  await deps.limits.forgiveSignIn(tried);
  const cookies = [...answer.cookies, ...(await endReplaced(deps, headers, request))];
  if (!answer.user) return failure({ reason: 'second_step', cookies });
  return ok({ user: answer.user, cookies: [...cookies, deps.browsers.remember(headers, email)] });
}

class RefusedDemo extends Error {}

/** Two-step sign-in was turned on between the password check and the session: try again with it. */
class TurnedOnMeanwhile extends Error {}

/** `user` is null when a second step follows. The audit row and the session commit together. */
async function tryPassword(
  deps: AccountDeps,
  given: { email: string; password: string },
  headers: Headers,
  request: RequestFacts,
): Promise<{ user: SignedIn['user'] | null; cookies: string[] } | null> {
  const auth = await deps.auth();
  try {
    return await joinLateTransaction(deps.db, async (begin) => {
      const { response, headers: answered } = await auth.api.signInEmail({
        body: { ...given, email: await acceptedAddress(auth, given.email), rememberMe: true },
        headers,
        returnHeaders: true,
      });
      if (isRefusedDemo(deps, given.email.trim())) throw new RefusedDemo();
      const cookies = answered.getSetCookie();
      if ('twoFactorRedirect' in response) return { user: null, cookies };
      const { id, name, email } = response.user;
      const trx = await begin();
      const row = await trx('users').where({ id }).first('role', 'two_factor_enabled');
      if (!row) throw new Error(`The account ${id} was deleted while it signed in`);
      if (row.two_factor_enabled) throw new TurnedOnMeanwhile();
      await deps.audit.record(
        trx,
        { actorId: id, actingAsId: null, request },
        { action: 'auth.signed_in', resourceType: 'user', resourceId: id },
      );
      return { user: { id, name, email, role: row.role }, cookies };
    });
  } catch (error) {
    // One answer for unknown, wrong and banned: it must not tell which addresses have accounts.
    if (error instanceof RefusedDemo) return null;
    if (error instanceof TurnedOnMeanwhile) return tryPassword(deps, given, headers, request);
    if (isRefusal(error)) return null;
    throw error;
  }
}

/** A wrong password names no user: the row holds only a digest of the address. */
function recordFailedSignIn(
  deps: AccountDeps,
  email: string,
  request: RequestFacts,
  reason: string,
): Promise<void> {
  return deps.audit.record(deps.db, anonymousActor(request), {
    action: 'auth.sign_in_failed',
    resourceType: 'user',
    resourceId: null,
    outcome: 'failure',
    metadata: { reason, emailDigest: deps.digests.of(normalised(email)) },
  });
}

export type SecondStep = { code: string } | { recoveryCode: string };

export type SecondStepFailure =
  | { reason: 'wrong_code' }
  /** Expired, too many wrong codes, or never begun: sign-in starts again with the password. */
  | { reason: 'challenge_over' }
  | { reason: 'too_many'; retryAfterMs: number };

const lockMs = 15 * 60_000;

export async function takeSecondStep(
  deps: AccountDeps,
  given: SecondStep,
  headers: Headers,
  request: RequestFacts,
): Promise<Result<SignedIn, SecondStepFailure>> {
  const challenge = await findChallenge(deps, headers);
  const user = challenge && (await findChallenged(deps, challenge.userId));
  if (!challenge || !user) return failure({ reason: 'challenge_over' });
  const { id: userId } = user;
  const retryAfterMs = await countTry(deps, user, headers, request);
  if (retryAfterMs > 0) {
    await recordFailedStep(deps, userId, request, 'too_many');
    return failure({ reason: 'too_many', retryAfterMs });
  }
  try {
    const done = await verify(deps, given, challenge.headers, userId, request);
    if (!done.ok) return done;
    return ok({
      ...done.value,
      cookies: [...done.value.cookies, deps.browsers.remember(headers, user.email)],
    });
  } catch (error) {
    if (!(error instanceof CodeUsedBefore)) throw error;
    await recordFailedStep(deps, userId, request, 'code_used_before');
    return failure({ reason: 'wrong_code' });
  }
}

/** Counts tries as for passwords: a browser that the account knows has its own count, which strangers cannot use up. */
async function countTry(
  { limits, browsers }: AccountDeps,
  { id, email }: Challenged,
  headers: Headers,
  { ip }: RequestFacts,
): Promise<number> {
  const browserId = browsers.idFor(headers, email);
  if (browserId !== null) return limits.count('second_factor', `${id} in ${browserId}`);
  const waits = await Promise.all([
    limits.count('second_factor', `${id} from ${networkOf(ip)}`, ip),
    limits.count('second_factor_anywhere', id),
  ]);
  return Math.max(...waits);
}

interface Challenged {
  id: string;
  email: string;
}

async function findChallenged({ db }: AccountDeps, id: string): Promise<Challenged | undefined> {
  return await db('users').where({ id }).first('id', 'email');
}

async function verify(
  deps: AccountDeps,
  given: SecondStep,
  headers: Headers,
  userId: string,
  request: RequestFacts,
): Promise<Result<SignedIn, SecondStepFailure>> {
  const { api } = await deps.auth();
  // Refusals are committed as well, because better-auth counts them in the database.
  return deps.db.transaction(async (trx) => {
    await renewSecondSteps(trx, deps.secrets, userId);
    const outcome = await joinTransaction(trx, () => ask(api, given, headers));
    if (!outcome.ok) {
      await recordFailedStep({ ...deps, db: trx }, userId, request, outcome.reason);
      return outcome.reason === 'locked'
        ? failure({ reason: 'too_many', retryAfterMs: lockMs })
        : failure({ reason: outcome.reason });
    }
    if ('code' in given) await useCode(deps, trx, userId, given.code);
    await deps.audit.record(
      trx,
      { actorId: userId, actingAsId: null, request },
      {
        action: 'auth.signed_in',
        resourceType: 'user',
        resourceId: userId,
        metadata: { secondStep: 'code' in given ? 'code' : 'recovery_code' },
      },
    );
    const user = await trx('users')
      .where({ id: userId })
      .first<SignedIn['user']>('id', 'name', 'email', 'role');
    return ok({ user, cookies: outcome.value });
  });
}

async function ask(
  api: BetterAuth['api'],
  given: SecondStep,
  headers: Headers,
): Promise<Result<string[], { reason: 'wrong_code' | 'challenge_over' | 'locked' }>> {
  try {
    const { headers: answered } = await ('code' in given
      ? api.verifyTOTP({ body: { code: given.code }, headers, returnHeaders: true })
      : api.verifyBackupCode({ body: { code: given.recoveryCode }, headers, returnHeaders: true }));
    return ok(answered.getSetCookie());
  } catch (error) {
    return failure({ reason: codeRefusalOf(error) });
  }
}

function recordFailedStep(
  deps: Pick<AccountDeps, 'audit'> & { db: Parameters<AccountDeps['audit']['record']>[0] },
  userId: string,
  request: RequestFacts,
  reason: string,
): Promise<void> {
  return deps.audit.record(deps.db, anonymousActor(request), {
    action: 'auth.two_factor_failed',
    resourceType: 'user',
    resourceId: userId,
    outcome: 'failure',
    metadata: { reason },
  });
}
