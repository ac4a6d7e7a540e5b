// Between the password and the session: the code. better-auth remembers by a cookie whose password was right.
import { APIError } from 'better-auth/api';
import type { RequestFacts } from '../audit/index.ts';
import { networkOf } from '../lib/addresses.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AccountDeps, SignedIn } from './account.deps.ts';
import { CodeUsedBefore, useCode } from './account.two-factor.ts';
import { joining } from './auth.pool.ts';

export type SecondStep = { code: string } | { recoveryCode: string };

export type SecondStepFailure =
  | { reason: 'wrong_code' }
  /** Out of time, too many wrong codes, or never begun: back to the password. */
  | { reason: 'challenge_over' }
  | { reason: 'too_many'; retryAfterMs: number };

const lockMs = 15 * 60_000;

export async function takeSecondStep(
  deps: AccountDeps,
  given: SecondStep,
  headers: Headers,
  request: RequestFacts,
): Promise<Result<SignedIn, SecondStepFailure>> {
  const challenge = challengeIn(headers);
  const user = challenge ? await userOf(deps, challenge.identifier) : null;
  if (!challenge || !user) return failure({ reason: 'challenge_over' });
  const { id: userId } = user;
  const retryAfterMs = await countTry(deps, user, headers, request);
  if (retryAfterMs > 0) {
    await recordFailure(deps, userId, request, 'too_many');
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
    await recordFailure(deps, userId, request, 'code_used_before');
    return failure({ reason: 'wrong_code' });
  }
}

/** As for passwords: a browser that the account knows has a count of its own, which no stranger can use up. */
async function countTry(
  { attempts, browsers }: AccountDeps,
  { id, email }: Challenged,
  headers: Headers,
  { ip }: RequestFacts,
): Promise<number> {
  const browserId = browsers.idFor(headers, email);
  if (browserId !== null) return attempts.count('second_factor', `${id} in ${browserId}`);
  const waits = await Promise.all([
    attempts.count('second_factor', `${id} from ${networkOf(ip)}`, ip),
    attempts.count('second_factor_anywhere', id),
  ]);
  return Math.max(...waits);
}

interface Challenged {
  id: string;
  email: string;
}

async function verify(
  deps: AccountDeps,
  given: SecondStep,
  headers: Headers,
  userId: string,
  request: RequestFacts,
): Promise<Result<SignedIn, SecondStepFailure>> {
  // A refusal commits, too: better-auth has counted it.
  return deps.db.transaction(async (trx) => {
    const outcome = await joining(trx, () => ask(deps, given, headers));
    if (!outcome.ok) {
      await recordFailure({ ...deps, db: trx }, userId, request, outcome.reason);
      return outcome.reason === 'locked'
        ? failure({ reason: 'too_many', retryAfterMs: lockMs })
        : failure({ reason: outcome.reason });
    }
    if ('code' in given) await useCode(trx, userId, given.code);
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
    const user = (await trx('users')
      .where({ id: userId })
      .first('id', 'name', 'email', 'role')) as SignedIn['user'];
    return ok({ user, cookies: outcome.value });
  });
}

async function ask(
  deps: AccountDeps,
  given: SecondStep,
  headers: Headers,
): Promise<Result<string[], { reason: 'wrong_code' | 'challenge_over' | 'locked' }>> {
  try {
    const { headers: answered } = await ('code' in given
      ? deps.auth.api.verifyTOTP({ body: { code: given.code }, headers, returnHeaders: true })
      : deps.auth.api.verifyBackupCode({ body: { code: given.recoveryCode }, headers, returnHeaders: true }));
    return ok(answered.getSetCookie());
  } catch (error) {
    if (!(error instanceof APIError) || error.statusCode >= 500) throw error;
    const code = error.body?.code;
    if (code === 'ACCOUNT_TEMPORARILY_LOCKED') return failure({ reason: 'locked' });
    const isWrong = code === 'INVALID_CODE' || code === 'INVALID_BACKUP_CODE' || error.statusCode === 409;
    return failure({ reason: isWrong ? 'wrong_code' : 'challenge_over' });
  }
}

/** The challenge's cookie alone: with a session beside it, better-auth would take the code for something else. */
function challengeIn(headers: Headers): { identifier: string; headers: Headers } | null {
  const cookie = (headers.get('cookie') ?? '')
    .split(/;\s*/)
    .find((pair) => /^(__Secure-)?examdesk\.two_factor=/.test(pair));
  if (!cookie) return null;
  const signed = safelyDecoded(cookie.slice(cookie.indexOf('=') + 1));
  const identifier = signed.slice(0, Math.max(0, signed.lastIndexOf('.')));
  const alone = new Headers({ cookie });
  for (const name of ['user-agent', 'x-client-ip', 'origin', 'host']) {
    const value = headers.get(name);
    if (value !== null) alone.set(name, value);
  }
  return { identifier, headers: alone };
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

async function userOf(deps: AccountDeps, identifier: string): Promise<Challenged | null> {
  if (!identifier.startsWith('2fa-')) return null;
  const begun = (await deps
    .db('verifications')
    .where({ identifier })
    .whereRaw('expires_at > clock_timestamp()')
    .first('value')) as { value: string } | undefined;
  const row =
    begun &&
    ((await deps.db('users').where({ id: begun.value }).first('id', 'email')) as Challenged | undefined);
  return row ?? null;
}

async function recordFailure(
  deps: Pick<AccountDeps, 'audit'> & { db: Parameters<AccountDeps['audit']['record']>[0] },
  userId: string,
  request: RequestFacts,
  reason: string,
): Promise<void> {
  await deps.audit.record(
    deps.db,
    { actorId: null, actingAsId: null, request },
    {
      action: 'auth.two_factor_failed',
      resourceType: 'user',
      resourceId: userId,
      outcome: 'failure',
      metadata: { reason },
    },
  );
}
