// How somebody stands with us, whether they are signed in or not: for staff who are asked why something is refused.
import type { Queryable } from '../db/knex.ts';
import { isUuid } from '../lib/uuid.ts';
import type { AccountDeps } from './account.deps.ts';
import { mustSetUp } from './account.two-factor.ts';
import { isDemoAccount } from './demo-accounts.ts';
import type { Role, Viewer } from './viewer.ts';

export interface Standing {
  user: { id: string; name: string; email: string };
  isBanned: boolean;
  /** Taken over from another system; has no password until they accept their invitation. */
  awaitsInvitation: boolean;
  role: string;
  /** Null: no demo account. Those are let in by the setting, and never in production. */
  demo: 'let_in' | 'refused' | null;
  /** Staff without two-step sign-in reach nothing but its set-up. */
  mustSetUpTwoFactor: boolean;
  /** As whom their next request would come; null when they may not work. */
  viewer: Viewer | null;
}

const roles: readonly string[] = ['referrer', 'support', 'admin'] satisfies Role[];

/** @param key an e-mail address or an id. Null when there is nobody */
export async function standingOf(
  db: Queryable,
  key: string,
  { allowsDemoAccounts }: Pick<AccountDeps, 'allowsDemoAccounts'> = { allowsDemoAccounts: true },
): Promise<Standing | null> {
  const wanted = key.trim();
  const row = (await db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .where(isUuid(wanted) ? { 'u.id': wanted } : { 'u.email': wanted.toLowerCase() })
    .first('u.id', 'u.name', 'u.email', 'u.role', 'u.banned', 'u.awaits_invitation', 'u.two_factor_enabled', {
      organization_id: 'o.id',
      organization_name: 'o.name',
    })) as
    | {
        id: string;
        name: string;
        email: string;
        role: string;
        banned: boolean;
        awaits_invitation: boolean;
        two_factor_enabled: boolean;
        organization_id: string | null;
        organization_name: string | null;
      }
    | undefined;
  if (!row) return null;
  const { id, name, email, role, banned, organization_id, organization_name } = row;
  const awaitsInvitation = row.awaits_invitation;
  const organization =
    role === 'referrer' && organization_id && organization_name
      ? { id: organization_id, name: organization_name }
      : null;
  const isDemo = isDemoAccount(email);
  const demo = isDemo ? (allowsDemoAccounts ? 'let_in' : 'refused') : null;
  const viewer: Viewer | null =
    banned || awaitsInvitation || demo === 'refused' || !roles.includes(role)
      ? null
      : { sessionId: '', userId: id, name, email, role: role as Role, organization, actingAdmin: null };
  const mustSetUpTwoFactor = viewer !== null && mustSetUp(viewer, row.two_factor_enabled);
  return {
    user: { id, name, email },
    isBanned: banned,
    awaitsInvitation,
    role,
    demo,
    mustSetUpTwoFactor,
    viewer,
  };
}
