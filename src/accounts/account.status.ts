// Whether somebody may sign in, and what rights their next request would have.
import type { Queryable } from '../db/knex.ts';
import { tidyEmail } from '../lib/typed-email.ts';
import { isUuid } from '../lib/uuid.ts';
import type { AccountDeps } from './account.deps.ts';
import { isDemoAccount, isRole, needsTwoFactor, organizationOf, type Viewer } from './viewer.ts';

export interface AccountStatus {
  user: { id: string; name: string; email: string };
  isBanned: boolean;
  /** Imported from another system; has no password before an invitation is accepted. */
  awaitsInvitation: boolean;
  role: string;
  /** Null: not a demo account. DEMO_ACCOUNTS lets those in, except in production. */
  demo: 'let_in' | 'refused' | null;
  /** Staff without two-step sign-in may only set it up. */
  mustSetUpTwoFactor: boolean;
  /** The viewer that their next request would have; null when they may not sign in. */
  viewer: Viewer | null;
}

/**
 * For staff who check why something is refused, whether the person is signed in or not. Null when nobody has this key.
 * @param key an e-mail address or an id
 */
export async function accountStatusOf(
  db: Queryable,
  key: string,
  { allowsDemoAccounts }: Pick<AccountDeps, 'allowsDemoAccounts'> = { allowsDemoAccounts: true },
): Promise<AccountStatus | null> {
  const wanted = tidyEmail(key);
  const row = await db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .where(isUuid(wanted) ? { 'u.id': wanted } : { 'u.email': wanted.toLowerCase() })
    .first<
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
          requires_two_factor: boolean | null;
        }
      | undefined
    >('u.id', 'u.name', 'u.email', 'u.role', 'u.banned', 'u.awaits_invitation', 'u.two_factor_enabled', {
      organization_id: 'o.id',
      organization_name: 'o.name',
      requires_two_factor: 'o.requires_two_factor',
    });
  if (!row) return null;
  const { id, name, email, role, banned } = row;
  const awaitsInvitation = row.awaits_invitation;
  const isDemo = isDemoAccount(email);
  const demo = isDemo ? (allowsDemoAccounts ? 'let_in' : 'refused') : null;
  const viewer: Viewer | null =
    banned || awaitsInvitation || demo === 'refused' || !isRole(role)
      ? null
      : {
          sessionId: '',
          userId: id,
          name,
          email,
          role,
          organization: organizationOf(row),
          actingAdmin: null,
        };
  const requiresTwoFactor = row.requires_two_factor ?? false;
  const mustSetUpTwoFactor =
    viewer !== null && !row.two_factor_enabled && needsTwoFactor(viewer, { requiresTwoFactor });
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
