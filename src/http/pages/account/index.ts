// The pages of an account: getting in, and looking after it.
import type { Accounts } from '../../../accounts/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { invitationPages } from './invitation.page.ts';

export function accountPages(accounts: Accounts): PageRoute[] {
  return [...invitationPages(accounts)];
}
