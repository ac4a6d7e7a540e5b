import { APIError } from 'better-auth/api';
import type { Logger } from 'pino';
import type { AuditLog, RequestFacts } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { viewerOfSession } from './account.repository.ts';
import type { Auth } from './auth.ts';
import { emailDigest, type SignInLimiter } from './sign-in.limits.ts';
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
  /** Who is signed in, read from the database now, and cookies to refresh. */
  viewer(headers: Headers): Promise<{ viewer: Viewer | null; expiresAt: Date | null; cookies: string[] }>;
}

export interface AccountDeps {
  auth: Auth;
  db: Database;
  audit: AuditLog;
  limiter: SignInLimiter;
  log: Logger;
  /** Whether the demo's people may sign in: never in production. */
  allowsDemoAccounts: boolean;
}

const demoDomains = /@(harbour-legal|northside-claims|examdesk)\.example$/i;

export function createAccounts(deps: AccountDeps): Accounts {
  return {
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
    if (deps.allowsDemoAccounts || !demoDomains.test(user.email)) return accepted;
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
