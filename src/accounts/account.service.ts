// The room's front desk: signing in and out, and who is there. The rest is one file a matter.
import { setTimeout as sleep } from 'node:timers/promises';
import { APIError } from 'better-auth/api';
import type { RequestFacts } from '../audit/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AccountDeps, SignedIn } from './account.deps.ts';
import { createEmailChange, type EmailChange } from './account.email.ts';
import { createInvitations, type Invitations } from './account.invitations.ts';
import { removeExpired } from './account.jobs.ts';
import { createOrganizations, type Organizations } from './account.organizations.ts';
import { createPasswords, type Passwords } from './account.passwords.ts';
import { createPeople, type People } from './account.people.ts';
import { ownerOfSession } from './account.repository.ts';
import { takeSecondStep, type SecondStep, type SecondStepFailure } from './account.second-step.ts';
import { createOwnSessions, type OwnSessions } from './account.sessions.ts';
import { endReplaced, signOut } from './account.sign-out.ts';
import { standingOf, type Standing } from './account.standing.ts';
import { createTwoFactor, mustSetUp, type TwoFactor } from './account.two-factor.ts';
import { comeBack, forget, type WayBack } from './account.way-back.ts';
import { joiningLate } from './auth.pool.ts';
import { isRefusedDemo } from './demo-accounts.ts';
import { emailDigest } from './sign-in.limits.ts';
import type { Viewer } from './viewer.ts';

export type SignInFailure =
  | { reason: 'bad_credentials' }
  | { reason: 'too_many'; retryAfterMs: number }
  /** The password was right; the cookies remember it for ten minutes. Next: `secondStep`. */
  | { reason: 'second_step'; cookies: string[] };

export interface CurrentSession {
  viewer: Viewer | null;
  expiresAt: Date | null;
  /** To be handed on as Set-Cookie. */
  cookies: string[];
  /** Acting as somebody had ended otherwise than by its way out: this is the admin again. */
  isBack: boolean;
  /** Staff without two-factor reach nothing but its set-up. */
  mustSetUpTwoFactor: boolean;
}

export interface Asked {
  /** By a timer of the page's, and by nobody: that keeps no session awake. */
  isByItself?: boolean;
  /** When acting as somebody has ended otherwise than by its way out, the admin's own session is taken up again. */
  mayComeBack?: boolean;
}

export interface Accounts {
  signIn(
    given: { email: string; password: string },
    headers: Headers,
    request: RequestFacts,
  ): Promise<Result<SignedIn, SignInFailure>>;
  secondStep(
    given: SecondStep,
    headers: Headers,
    request: RequestFacts,
  ): Promise<Result<SignedIn, SecondStepFailure>>;
  /** The Set-Cookie lines that end the session; also when there was none. */
  signOut(headers: Headers, viewer: Viewer | null, request: RequestFacts): Promise<string[]>;
  /** Who is signed in, read from the database now. */
  viewer(headers: Headers, asked?: Asked): Promise<CurrentSession>;
  /** The admin's own session again, for whoever has acted in this browser; null when it cannot go on. */
  comeBack(headers: Headers): Promise<WayBack | null>;
  /** The Set-Cookie lines after which this browser has nothing of any session: there is none to end. */
  forget(headers: Headers): Promise<string[]>;

  invite: Invitations['invite'];
  acceptInvitation: Invitations['accept'];
  invitations: Pick<Invitations, 'find' | 'list' | 'revoke'>;
  passwords: Passwords;
  emailChange: EmailChange;
  twoFactor: TwoFactor;
  ownSessions: OwnSessions;

  /** How somebody stands, signed in or not; by e-mail address or id. Null when there is nobody. */
  standing(key: string): Promise<Standing | null>;
  people: Pick<People, 'list' | 'find'>;
  deactivate: People['deactivate'];
  reactivate: People['reactivate'];
  changeRole: People['changeRole'];
  endSessions: People['endSessions'];
  organizations: Organizations;
  /** How many sessions were out of time. */
  removeExpired(): Promise<number>;
}

export function createAccounts(deps: AccountDeps): Accounts {
  const invitations = createInvitations(deps);
  const people = createPeople(deps);
  return {
    signIn: (given, headers, request) => signIn(deps, given, headers, request),
    secondStep: (given, headers, request) => takeSecondStep(deps, given, headers, request),
    signOut: (headers, viewer, request) => signOut(deps, headers, viewer, request),
    viewer: (headers, asked = {}) => currentSession(deps, headers, asked),
    comeBack: (headers) => comeBack(deps, headers),
    forget: (headers) => forget(deps, headers),
    invite: (input, actor) => invitations.invite(input, actor),
    acceptInvitation: (given, request) => invitations.accept(given, request),
    invitations,
    passwords: createPasswords(deps),
    emailChange: createEmailChange(deps),
    twoFactor: createTwoFactor(deps),
    ownSessions: createOwnSessions(deps),
    standing: (key) => standingOf(deps.db, key, deps),
    people,
    deactivate: (userId, actor) => people.deactivate(userId, actor),
    reactivate: (userId, actor) => people.reactivate(userId, actor),
    changeRole: (userId, to, actor) => people.changeRole(userId, to, actor),
    endSessions: (userId, actor) => people.endSessions(userId, actor),
    organizations: createOrganizations(deps),
    removeExpired: () => removeExpired(deps.db),
  };
}

async function signIn(
  deps: AccountDeps,
  { email, password }: { email: string; password: string },
  headers: Headers,
  request: RequestFacts,
): Promise<Result<SignedIn, SignInFailure>> {
  const tried = { email, address: request.ip, browserId: deps.browsers.idFor(headers, email) };
  const { refusedMs, slowMs } = await deps.limiter.count(tried);
  if (refusedMs > 0) {
    await noteFailure(deps, email, request, 'too_many');
    return failure({ reason: 'too_many', retryAfterMs: refusedMs });
  }
  if (slowMs > 0) await sleep(slowMs);
  const answer = await tryPassword(deps, { email, password }, headers, request);
  if (!answer) {
    await noteFailure(deps, email, request, 'bad_credentials');
    return failure({ reason: 'bad_credentials' });
  }
  await deps.limiter.forgive(tried);
  const cookies = [...answer.cookies, ...(await endReplaced(deps, headers, request))];
  if (!answer.user) return failure({ reason: 'second_step', cookies });
  return ok({ user: answer.user, cookies: [...cookies, deps.browsers.remember(headers, email)] });
}

async function currentSession(deps: AccountDeps, headers: Headers, asked: Asked): Promise<CurrentSession> {
  const nobody = { viewer: null, expiresAt: null, mustSetUpTwoFactor: false, isBack: false };
  if (!headers.has('cookie')) return { ...nobody, cookies: [] };
  const { response, headers: answered } = await deps.auth.api.getSession({ headers, returnHeaders: true });
  const owner = response ? await ownerOfSession(deps, response.session.id, asked) : null;
  const here = owner && !isRefusedDemo(deps, owner.viewer.email) ? owner : null;
  const back = here || !asked.mayComeBack ? null : await comeBack(deps, headers);
  const found = here ?? back;
  const cookies = back?.cookies ?? answered.getSetCookie();
  if (!found) return { ...nobody, cookies };
  return {
    viewer: found.viewer,
    expiresAt: found.expiresAt,
    cookies,
    isBack: back !== null,
    mustSetUpTwoFactor: mustSetUp(found.viewer, found.hasTwoFactor),
  };
}

class RefusedDemo extends Error {}

/** The second step was turned on between the password and the session, which then has to be asked for. */
class TurnedOnMeanwhile extends Error {}

/** `user` is null when a second step has to follow. A sign-in that cannot be audited does not happen. */
async function tryPassword(
  deps: AccountDeps,
  given: { email: string; password: string },
  headers: Headers,
  request: RequestFacts,
): Promise<{ user: SignedIn['user'] | null; cookies: string[] } | null> {
  try {
    return await joiningLate(deps.db, async (begin) => {
      const { response, headers: answered } = await deps.auth.api.signInEmail({
        body: { ...given, rememberMe: true },
        headers,
        returnHeaders: true,
      });
      if (isRefusedDemo(deps, given.email.trim())) throw new RefusedDemo();
      const cookies = answered.getSetCookie();
      if ('twoFactorRedirect' in response) return { user: null, cookies };
      const { id, name, email } = response.user;
      const trx = await begin();
      const row = (await trx('users').where({ id }).first('role', 'two_factor_enabled')) as {
        role: string;
        two_factor_enabled: boolean;
      };
      if (row.two_factor_enabled) throw new TurnedOnMeanwhile();
      await deps.audit.record(
        trx,
        { actorId: id, actingAsId: null, request },
        { action: 'auth.signed_in', resourceType: 'user', resourceId: id },
      );
      return { user: { id, name, email, role: row.role }, cookies };
    });
  } catch (error) {
    // Unknown, wrong, banned: one answer for all, or it would tell which addresses have accounts.
    if (error instanceof RefusedDemo) return null;
    if (error instanceof TurnedOnMeanwhile) return tryPassword(deps, given, headers, request);
    if (error instanceof APIError && error.statusCode < 500) return null;
    throw error;
  }
}

async function noteFailure(
  deps: AccountDeps,
  email: string,
  request: RequestFacts,
  reason: string,
): Promise<void> {
  await deps.audit.record(
    deps.db,
    { actorId: null, actingAsId: null, request },
    {
      action: 'auth.sign_in_failed',
      resourceType: 'user',
      resourceId: null,
      outcome: 'failure',
      metadata: { reason, emailDigest: emailDigest(email) },
    },
  );
}
