export type { AccountMail, AccountMailKind, AnnounceAccount } from './account.deps.ts';
export type { InputError, InviteInput } from './account.input.ts';
export type { AcceptFailure, Invitations, InviteFailure } from './account.invitations.ts';
export { findLink, linkHours, type AccountLink } from './account.links.ts';
export { createAccounts, type Accounts, type SignedIn, type SignInFailure } from './account.service.ts';
export { createAttemptLimiter, usualAttemptLimits, type AttemptLimits } from './attempt.limits.ts';
export { createAuth, type Auth } from './auth.ts';
export { standingOf, type Standing } from './account.standing.ts';
export { createLinkTokens, type LinkKind, type LinkTokens } from './link.tokens.ts';
export { passwordLength } from './password.rules.ts';
export { createSignInLimiter, usualSignInLimits, type SignInLimits } from './sign-in.limits.ts';
export {
  attribution,
  auditActor,
  isStaff,
  mayAdminister,
  type Actor,
  type Role,
  type Viewer,
} from './viewer.ts';
