// From acting as somebody back to the admin's own session, which goes on behind it.
import type { AccountDeps } from './account.deps.ts';
import { ownerOfSession, type SessionOwner } from './account.repository.ts';
import { isRefusedDemo } from './demo-accounts.ts';

type Needs = Pick<AccountDeps, 'auth' | 'db' | 'audit' | 'allowsDemoAccounts'>;

export interface WayBack extends SessionOwner {
  /** Set-Cookie lines that make the admin's own session that of this browser again. */
  cookies: string[];
}

/** Null when nothing is behind, or nothing that may be worked in: out of time, idle, ended, or no admin's any more. */
export async function comeBack(deps: Needs, headers: Headers): Promise<WayBack | null> {
  const sessionId = await sessionBehind(deps, headers);
  const owner = sessionId ? await ownerOfSession(deps, sessionId) : null;
  if (!owner || owner.viewer.role !== 'admin' || isRefusedDemo(deps, owner.viewer.email)) return null;
  // A browser that lost the acting cookie alone: nobody could end that session any more.
  await deps.db('sessions').where({ impersonator_session_id: sessionId }).delete();
  const { headers: answered } = await deps.auth.api.backToAdmin({ headers, returnHeaders: true });
  return { ...owner, cookies: answered.getSetCookie() };
}

/** The id of the session that the cookie beside names; null when there is none. */
export async function sessionBehind({ auth }: Needs, headers: Headers): Promise<string | null> {
  return hasCookieBeside(headers) ? (await auth.api.adminBehind({ headers })).sessionId : null;
}

/** Set-Cookie lines after which the browser has nothing of the admin's any more; none when it has nothing now. */
export async function forgetBehind({ auth }: Needs, headers: Headers): Promise<string[]> {
  if (!hasCookieBeside(headers)) return [];
  const { headers: answered } = await auth.api.forgetAdmin({ headers, returnHeaders: true });
  return answered.getSetCookie();
}

/** Set-Cookie lines after which it has nothing of any session: of one that has ended already. */
export async function forget(deps: Needs, headers: Headers): Promise<string[]> {
  const { headers: answered } = await deps.auth.api.signOut({ headers, returnHeaders: true });
  return [...answered.getSetCookie(), ...(await forgetBehind(deps, headers))];
}

/** Most requests have none: they are not asked about it. */
function hasCookieBeside(headers: Headers): boolean {
  return /(^|;\s*)(__Secure-)?examdesk\.admin_session=/.test(headers.get('cookie') ?? '');
}
