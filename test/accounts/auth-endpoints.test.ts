// better-auth has some eighty endpoints. Each is either used (and then by us, over auth.api) or closed; one that an
// upgrade brings is in neither list, and this fails until somebody has decided.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createAuth } from '../../src/accounts/index.ts';
import { type Agent, startTestApp, type TestApp } from '../support/app.ts';
import { testSecret } from '../support/session.ts';

/** Answered on better-auth's own path, by our routes (src/http/api/session.api.ts). */
const open = ['signInEmail', 'signOut', 'getSession', 'verifyTOTP', 'verifyBackupCode'];

/** Called by our code only; their paths are closed. */
const inside = ['enableTwoFactor', 'disableTwoFactor', 'generateBackupCodes', 'viewBackupCodes'];

/** The same, for the room that lets an admin act as a referrer. */
const insideImpersonation = ['impersonateUser'];

/** Our own, without a path: the way back of an admin who acts. */
const adminSession = ['findAdminSession', 'restoreAdminSession', 'clearAdminCookie'];

const closed = words(`
  signInSocial callbackOAuth signUpEmail resetPassword verifyPassword verifyEmail sendVerificationEmail changeEmail
  changePassword setPassword updateSession updateUser deleteUser requestPasswordReset requestPasswordResetCallback
  listSessions revokeSession revokeSessions revokeOtherSessions linkSocialAccount listUserAccounts deleteUserCallback
  unlinkAccount refreshToken getAccessToken accountInfo setRole getUser createUser adminUpdateUser listUsers
  listUserSessions stopImpersonating unbanUser banUser revokeUserSession revokeUserSessions removeUser setUserPassword userHasPermission
  createOrganization updateOrganization deleteOrganization setActiveOrganization getOrganization getFullOrganization
  listOrganizations createInvitation cancelInvitation acceptInvitation getInvitation rejectInvitation listInvitations
  getActiveMember checkOrganizationSlug addMember removeMember updateMemberRole leaveOrganization listUserInvitations
  listMembers getActiveMemberRole hasPermission generateTOTP getTOTPURI sendTwoFactorOTP verifyTwoFactorOTP ok error
`);

describe('the endpoints of better-auth', () => {
  let app: TestApp;
  let ada: Agent;
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
  });
  after(() => app.close());

  let endpoints: { name: string; path: string | undefined }[];
  before(async () => {
    const { api } = await createAuth({
      pool: { connect: () => undefined } as never,
      secrets: [testSecret],
      baseUrl: app.url,
    })();
    endpoints = Object.entries(api).map(([name, endpoint]) => ({
      name,
      path: (endpoint as { path?: string }).path,
    }));
  });

  it('are each in exactly one list', () => {
    const names = endpoints.map(({ name }) => name);
    expect(names).to.have.members([...open, ...inside, ...insideImpersonation, ...adminSession, ...closed]);
  });

  it('are used where the lists say so, and nowhere else', () => {
    const calls = sources().flatMap((text) =>
      [...text.matchAll(/\b(?:auth\.)?api\s*\.\s*([a-zA-Z]+)\(/g)].map(([, name = '']) => name),
    );
    const known = new Set(endpoints.map(({ name }) => name));
    const used = new Set(calls.filter((name) => known.has(name)));
    expect([...used].filter((name) => closed.includes(name))).to.deep.equal([]);
    expect(
      [...open, ...inside, ...insideImpersonation, ...adminSession].filter((name) => !used.has(name)),
    ).to.deep.equal([]);
  });

  it('answer nobody, not even admins, unless they are open', async () => {
    const paths = endpoints.filter(({ name, path: at }) => at !== undefined && !open.includes(name));
    expect(paths).to.have.length.above(60);
    for (const { path: at = '' } of paths) {
      const url = `/api/auth${at.replace(/:\w+/g, 'x')}`;
      const answers = await Promise.all([
        ada.get(url),
        ada.post(url).send({}),
        ada.put(url).send({}),
        ada.patch(url).send({}),
        ada.delete(url),
        ada.post(`${url}/`).send({}),
        ada.post(url.toUpperCase()).send({}),
      ]);
      expect(
        answers.map(({ status }) => status),
        url,
      ).to.deep.equal(answers.map(() => 404));
    }
  });

  it('are open to the methods we answer only', async () => {
    for (const at of [
      '/sign-in/email',
      '/sign-out',
      '/two-factor/verify-totp',
      '/two-factor/verify-backup-code',
    ]) {
      expect((await ada.get(`/api/auth${at}`)).status, at).to.equal(404);
    }
    expect((await ada.post('/api/auth/get-session').send({})).status).to.equal(404);
  });
});

function sources(): string[] {
  const root = path.resolve(import.meta.dirname, '../../src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.map((name) => readFileSync(path.join(root, name), 'utf8'));
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
