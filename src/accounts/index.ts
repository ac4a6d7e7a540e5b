export type { AccountMail, AccountMailKind, AnnounceAccount, SignedIn } from './account.deps.ts';
export { inputErrors, type InputError, type InviteInput } from './account.input.ts';
export { inviteFirstAdmin, type FirstAdminFailure } from './account.first-admin.ts';
export type { AcceptFailure, Invitations, InviteFailure } from './account.invitations.ts';
export { removeExpiredSessionsJob } from './account.jobs.ts';
export { findLink, linkHours, type AccountLink } from './account.links.ts';
export { activeMembers, type Member } from './account.members.ts';
export type { OrganizationEdit, Organizations, OrganizationSummary } from './account.organizations.ts';
export type { Person, PersonFailure } from './account.people.ts';
export { endAllAccess } from './account.restore.ts';
export type { SecondStepFailure } from './account.second-step.ts';
export { idleMinutes } from './account.repository.ts';
export { createAccounts, type Accounts, type SignInFailure } from './account.service.ts';
export type { OwnSession } from './account.sessions.ts';
export {
  inviteTakenOver,
  notInvitedYet,
  takeBackOrganization,
  takeBackReferrer,
  takenOverInput,
  takeOverOrganization,
  takeOverReferrer,
  type TakeBack,
  type TakenOver,
} from './account.taken-over.ts';
export type { TwoFactorFailure } from './account.two-factor.ts';
export { createAttemptLimiter, usualAttemptLimits, type AttemptLimits } from './attempt.limits.ts';
export { createAuth, type Auth } from './auth.ts';
export { joining } from './auth.pool.ts';
export { standingOf, type Standing } from './account.standing.ts';
export { createKnownBrowsers } from './known-browsers.ts';
export { createLinkTokens, type LinkKind, type LinkTokens } from './link.tokens.ts';
export { packList } from './password.list.ts';
export { passwordComplaint, passwordLength } from './password.rules.ts';
export { createSignInLimiter, type SignInLimits } from './sign-in.limits.ts';
export {
  attribution,
  auditActor,
  isStaff,
  mayAdminister,
  type Actor,
  type Role,
  type Viewer,
} from './viewer.ts';
