import { APIError } from 'better-auth/api';
import type { RequestFacts } from '../audit/index.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { AccountDeps } from './account.deps.ts';
import { createInvitations, type Invitations } from './account.invitations.ts';
import { viewerOfSession } from './account.repository.ts';
import { isDemoAccount } from './demo-accounts.ts';
import { emailDigest } from './sign-in.limits.ts';
import { auditActor, type Viewer } from './viewer.ts';

export interface SignedIn {
  user: { id: string; name: string; email: string; role: string };
  /** Set-Cookie lines to hand on as they are. */
  cookies: string[];
}

export type SignInFailure = { reason: 'bad_credentials' } | { reason: 'too_many'; retryAfterMs: number };

export interface Accounts {
  signIn(
    given: { email: string; password: string },
    headers: Headers,
    request: RequestFacts,
  ): Promise<Result<SignedIn, SignInFailure>>;
  /** The Set-Cookie lines that end the session; also when there was none. */
  signOut(headers: Headers, viewer: Viewer | null, request: RequestFacts): Promise<string[]>;
  invitations: Invitations;
  invite: Invitations['invite'];
  acceptInvitation: Invitations['accept'];
  /** Who is signed in, read from the database now, and cookies to refresh. */
  viewer(headers: Headers): Promise<{ viewer: Viewer | null; expiresAt: Date | null; cookies: string[] }>;
}

export function createAccounts(deps: AccountDeps): Accounts {
  const invitations = createInvitations(deps);
  return {
    invitations,
    invite: (input, actor) => invitations.invite(input, actor),
    acceptInvitation: (given, request) => invitations.accept(given, request),

    async signIn({ email, password }, headers, request) {
      const retryAfterMs = await deps.limiter.count(email, request.ip);
      if (retryAfterMs > 0) {
        await noteFailure(deps, email, request, 'too_many');
        return failure({ reason: 'too_many', retryAfterMs });
      }
      const answer = await tryPassword(deps, email, password, headers);
      if (!answer) {
        await noteFailure(deps, email, request, 'bad_credentials');
        return failure({ reason: 'bad_credentials' });
      }
      await deps.limiter.forgive(email);
      await noteSignIn(deps, answer, request);
      return ok({ user: answer.user, cookies: answer.cookies });
    },

    async signOut(headers, viewer, request) {
      const response = await deps.auth.api.signOut({ headers, asResponse: true });
      if (viewer) {
        await deps.audit.record(deps.db, auditActor({ viewer, request }), {
          action: 'auth.signed_out',
          resourceType: 'session',
          resourceId: viewer.sessionId,
        });
      }
      return response.headers.getSetCookie();
    },

    async viewer(headers) {
      if (!headers.has('cookie')) return { viewer: null, expiresAt: null, cookies: [] };
      const { response, headers: answered } = await deps.auth.api.getSession({
        headers,
        returnHeaders: true,
      });
      const viewer = response ? await viewerOfSession(deps.db, response.session.id) : null;
      return {
        viewer,
        expiresAt: viewer && response ? response.session.expiresAt : null,
        cookies: answered.getSetCookie(),
      };
    },
  };
}

interface PasswordAccepted extends SignedIn {
  token: string;
}

async function tryPassword(
  deps: AccountDeps,
  email: string,
  password: string,
  headers: Headers,
): Promise<PasswordAccepted | null> {
  try {
    const { response, headers: answered } = await deps.auth.api.signInEmail({
      body: { email, password, rememberMe: true },
      headers,
      returnHeaders: true,
    });
    const { user, token } = response;
    const role = (await deps.db('users').where({ id: user.id }).first('role')) as { role: string };
    const accepted = {
      user: { id: user.id, name: user.name, email: user.email, role: role.role },
      cookies: answered.getSetCookie(),
      token,
    };
    if (deps.allowsDemoAccounts || !isDemoAccount(user.email)) return accepted;
    await deps.db('sessions').where({ token }).delete();
    return null;
  } catch (error) {
    // Unknown, wrong, banned: one answer for all, or it would tell which addresses have accounts.
    if (error instanceof APIError && error.statusCode < 500) return null;
    throw error;
  }
}

/** A sign-in that cannot be audited does not happen. */
async function noteSignIn(
  deps: AccountDeps,
  accepted: PasswordAccepted,
  request: RequestFacts,
): Promise<void> {
  try {
    await deps.audit.record(
      deps.db,
      { actorId: accepted.user.id, actingAsId: null, request },
      { action: 'auth.signed_in', resourceType: 'user', resourceId: accepted.user.id },
    );
  } catch (error) {
    deps.log.error({ err: errorFacts(error) }, 'A sign-in could not be audited and was undone');
    await deps.db('sessions').where({ token: accepted.token }).delete();
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
