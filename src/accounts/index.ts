export { createAccounts, type Accounts, type SignedIn, type SignInFailure } from './account.service.ts';
export { createAuth, type Auth } from './auth.ts';
export { createSignInLimiter, usualSignInLimits, type SignInLimits } from './sign-in.limits.ts';
export { attribution, auditActor, isStaff, type Actor, type Role, type Viewer } from './viewer.ts';
