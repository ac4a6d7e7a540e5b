// What other rooms ask of accounts; each part has a file of its own.
import type { RequestFacts } from '../audit/index.ts';
import type { Result } from '../lib/result.ts';
import {
  createEmailChange,
  createPasswords,
  type EmailChange,
  type Passwords,
} from './account.credentials.ts';
import type { AccountDeps, SignedIn } from './account.deps.ts';
import { createInvitations, type Invitations } from './account.invitations.ts';
import { createOrganizations, type Organizations } from './account.organizations.ts';
import { createPeople, type People } from './account.people.ts';
import { accountStatusOf, type AccountStatus } from './account.status.ts';
import { createOwnSessions, removeExpired, signOut, type OwnSessions } from './account.session-ends.ts';
import {
  restoreAdminSession,
  currentSession,
  clearCookies,
  type ViewerOptions,
  type CurrentSession,
  type SessionRequest,
  type RestoredAdminSession,
} from './account.session.ts';
import {
  signIn,
  takeSecondStep,
  type SecondStep,
  type SecondStepFailure,
  type SignInFailure,
} from './account.sign-in.ts';
import { createTwoFactor, type TwoFactor } from './account.two-factor.ts';
import type { KeptForms } from './kept-forms.ts';
import { renewSecondSteps } from './changed-secret.ts';
import type { Viewer } from './viewer.ts';

export interface Accounts {
  signIn(
    given: { email: string; password: string },
    headers: Headers,
    request: RequestFacts,
  ): Promise<Result<SignedIn, SignInFailure>>;
  secondStep(
    given: SecondStep,
    headers: Headers,
    request: RequestFacts,
  ): Promise<Result<SignedIn, SecondStepFailure>>;
  /** Set-Cookie lines that clear the session, also when there is none. */
  signOut(headers: Headers, viewer: Viewer | null, request: RequestFacts): Promise<string[]>;
  /** Reads who is signed in from the database. */
  viewer(request: SessionRequest, asked?: ViewerOptions): Promise<CurrentSession>;
  /** Restores the admin's session in a browser in which they acted; null when it is no longer valid. */
  restoreAdminSession(headers: Headers): Promise<RestoredAdminSession | null>;
  /** Set-Cookie lines that clear the cookies of sessions that have ended. */
  clearCookies(headers: Headers): Promise<string[]>;

  invite: Invitations['invite'];
  acceptInvitation: Invitations['accept'];
  invitations: Pick<Invitations, 'find' | 'list' | 'revoke'>;
  passwords: Passwords;
  emailChange: EmailChange;
  twoFactor: TwoFactor;
  ownSessions: OwnSessions;
  keptForms: KeptForms;

  /** Whether this person may sign in. @param key an e-mail address or an id; null: nobody has it */
  accountStatus(key: string): Promise<AccountStatus | null>;
  people: Pick<People, 'list' | 'find'>;
  deactivate: People['deactivate'];
  reactivate: People['reactivate'];
  changeRole: People['changeRole'];
  editPerson: People['edit'];
  endSessions: People['endSessions'];
  organizations: Organizations;
  /** Encrypts second steps with the current secret. @returns how many an earlier one had encrypted */
  renewSecondSteps(): Promise<number>;
  /** How many sessions had expired. */
  removeExpired(): Promise<number>;
}

export function createAccounts(deps: AccountDeps): Accounts {
  const invitations = createInvitations(deps);
  const people = createPeople(deps);
  return {
    signIn: (given, headers, request) => signIn(deps, given, headers, request),
    secondStep: (given, headers, request) => takeSecondStep(deps, given, headers, request),
    signOut: (headers, viewer, request) => signOut(deps, headers, viewer, request),
    viewer: (request, asked = {}) => currentSession(deps, request, asked),
    restoreAdminSession: (headers) => restoreAdminSession(deps, headers),
    clearCookies: (headers) => clearCookies(deps, headers),
    invite: (input, actor) => invitations.invite(input, actor),
    acceptInvitation: (given, request) => invitations.accept(given, request),
    invitations,
    passwords: createPasswords(deps),
    emailChange: createEmailChange(deps),
    twoFactor: createTwoFactor(deps),
    ownSessions: createOwnSessions(deps),
    keptForms: deps.keptForms,
    accountStatus: (key) => accountStatusOf(deps.db, key, deps),
    people,
    deactivate: (userId, actor) => people.deactivate(userId, actor),
    reactivate: (userId, actor) => people.reactivate(userId, actor),
    changeRole: (userId, to, actor) => people.changeRole(userId, to, actor),
    editPerson: (userId, sent, actor, seen) => people.edit(userId, sent, actor, seen),
    endSessions: (userId, actor) => people.endSessions(userId, actor),
    organizations: createOrganizations(deps),
    renewSecondSteps: () => renewSecondSteps(deps.db, deps.secrets),
    removeExpired: () => removeExpired(deps.db),
  };
}
