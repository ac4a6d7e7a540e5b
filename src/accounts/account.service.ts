// The room's front desk: signing in and out, and who is there. The rest is one file a matter.
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
import { createTwoFactor, mustSetUp, type TwoFactor } from './account.two-factor.ts';
import { joining, joiningLate } from './auth.pool.ts';
import { isDemoAccount } from './demo-accounts.ts';
import { emailDigest } from './sign-in.limits.ts';
import { auditActor, type Viewer } from './viewer.ts';

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
  /** Staff without two-factor reach nothing but its set-up. */
  mustSetUpTwoFactor: boolean;
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
  viewer(headers: Headers): Promise<CurrentSession>;

  invite: Invitations['invite'];
  acceptInvitation: Invitations['accept'];
  invitations: Pick<Invitations, 'find' | 'list' | 'revoke'>;
  passwords: Passwords;
  emailChange: EmailChange;
  twoFactor: TwoFactor;
  ownSessions: OwnSessions;

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
    viewer: (headers) => currentSession(deps, headers),
    invite: (input, actor) => invitations.invite(input, actor),
    acceptInvitation: (given, request) => invitations.accept(given, request),
    invitations,
    passwords: createPasswords(deps),
    emailChange: createEmailChange(deps),
    twoFactor: createTwoFactor(deps),
    ownSessions: createOwnSessions(deps),
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
  const retryAfterMs = await deps.limiter.count(email, request.ip);
  if (retryAfterMs > 0) {
    await noteFailure(deps, email, request, 'too_many');
    return failure({ reason: 'too_many', retryAfterMs });
  }
  const answer = await tryPassword(deps, { email, password }, headers, request);
  if (!answer) {
    await noteFailure(deps, email, request, 'bad_credentials');
    return failure({ reason: 'bad_credentials' });
  }
  await deps.limiter.forgive(email);
  await endReplaced(deps, headers, request);
  if (!answer.user) return failure({ reason: 'second_step', cookies: answer.cookies });
  return ok({ user: answer.user, cookies: answer.cookies });
}

/** The session whose cookie the new one takes the place of: nobody could end it any more. */
async function endReplaced(deps: AccountDeps, headers: Headers, request: RequestFacts): Promise<void> {
  const replaced = headers.has('cookie') ? await deps.auth.api.getSession({ headers }) : null;
  if (!replaced) return;
  const { id } = replaced.session;
  await deps.db.transaction(async (trx) => {
    const row = (await trx('sessions')
      .where({ id })
      .first('user_id', 'impersonated_by', 'impersonator_session_id')) as
      | { user_id: string; impersonated_by: string | null; impersonator_session_id: string | null }
      | undefined;
    if (!row) return;
    // Of an acting session the admin's own goes; the acting one goes with it.
    const own = row.impersonator_session_id ?? id;
    await trx('sessions').whereIn('id', [id, own]).delete();
    await deps.audit.record(
      trx,
      { actorId: row.impersonated_by ?? row.user_id, actingAsId: null, request },
      {
        action: 'auth.signed_out',
        resourceType: 'session',
        resourceId: own,
        metadata: { reason: 'signed_in_again' },
      },
    );
  });
}

async function signOut(
  deps: AccountDeps,
  headers: Headers,
  viewer: Viewer | null,
  request: RequestFacts,
): Promise<string[]> {
  const response = await deps.db.transaction(async (trx) => {
    // Out is out: of an acting session the admin's own goes as well.
    if (viewer?.actingAdmin) {
      const own = trx('sessions').where({ id: viewer.sessionId }).select('impersonator_session_id');
      await trx('sessions').whereIn('id', own).delete();
    }
    const answered = await joining(trx, () => deps.auth.api.signOut({ headers, asResponse: true }));
    if (viewer) {
      await deps.audit.record(trx, auditActor({ viewer, request }), {
        action: 'auth.signed_out',
        resourceType: 'session',
        resourceId: viewer.sessionId,
      });
    }
    return answered;
  });
  return response.headers.getSetCookie();
}

async function currentSession(deps: AccountDeps, headers: Headers): Promise<CurrentSession> {
  const nobody = { viewer: null, expiresAt: null, mustSetUpTwoFactor: false };
  if (!headers.has('cookie')) return { ...nobody, cookies: [] };
  const { response, headers: answered } = await deps.auth.api.getSession({ headers, returnHeaders: true });
  const cookies = answered.getSetCookie();
  const owner = response ? await ownerOfSession(deps.db, deps.audit, response.session.id) : null;
  if (!response || !owner || isRefusedDemo(deps, owner.viewer.email)) return { ...nobody, cookies };
  const { viewer, hasTwoFactor } = owner;
  return {
    viewer,
    expiresAt: response.session.expiresAt,
    cookies,
    mustSetUpTwoFactor: mustSetUp(viewer, hasTwoFactor),
  };
}

/** Everybody knows these passwords; a database that was a demo once may hold them, and their sessions. */
function isRefusedDemo(deps: AccountDeps, email: string): boolean {
  return !deps.allowsDemoAccounts && isDemoAccount(email);
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
