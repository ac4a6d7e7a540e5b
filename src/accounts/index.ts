export {
  affiliationOf,
  askRules,
  everyRuleHolds,
  type AccessRule,
  type RuleResult,
} from './access.rule.ts';
export type { AnnounceAccount } from './account.deps.ts';
export { type InviteInput } from './account.input.ts';
export {
  inviteFirstAdmin,
  type FirstAdminFailure,
} from './account.invitations.ts';
export {
  createLinkTokens,
  findLink,
  linkHours,
  type AccountLink,
  type LinkKind,
  type LinkTokens,
} from './account.links.ts';
export {
  activeMembers,
  countActiveMembers,
  isUnmerged,
  type Member,
  type OrganizationSummary,
} from './account.organizations.ts';
export { organizationFields, personFields } from './account.input.ts';
export { personRefusals, type Person, type PersonFailure } from './account.people.ts';
export { createAccounts, type Accounts } from './account.service.ts';
export { idleMinutes, lockViewer, type ActingEpisode } from './account.session.ts';
export { accountStatusOf, type AccountStatus } from './account.status.ts';
export { endAllAccess, removeExpiredSessionsJob, type OwnSession } from './account.session-ends.ts';
export {
  inviteTakenOver,
  notInvitedYet,
  takeBackOrganization,
  takeBackReferrer,
  takenOverInput,
  takeOverOrganization,
  takeOverReferrer,
} from './account.taken-over.ts';
export type { TwoFactorFailure } from './account.two-factor.ts';
export {
  betterAuthVersion,
  cookiePrefix,
  isHttps,
  joinTransaction,
  sessionCookieName,
} from './auth.internals.ts';
export { createAuth, type Auth, type BetterAuth } from './auth.ts';
export { createKeptForms, isSecretField, type KeptForm, type KeptForms } from './kept-forms.ts';
export {
  countEncryptedByEarlier,
  createCookieRenewal,
  renewSecondStepsJob,
} from './changed-secret.ts';
export { createKnownBrowsers } from './known-browsers.ts';
export { packList, passwordComplaint, passwordLength } from './password.rules.ts';
export {
  createLimits,
  usualActionLimits,
  type ActionLimits,
  type SignInLimits,
} from './account.limits.ts';
export {
  attribution,
  auditActor,
  isDemoAccount,
  isStaff,
  mayAdminister,
  mayBeOfferedTwoFactor,
  roleNames,
  roles,
  type Actor,
  type Role,
  type Viewer,
} from './viewer.ts';
