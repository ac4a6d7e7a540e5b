import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { cookieSignature, sessionToken } from '../../src/accounts/auth.internals.ts';
import { betterAuthVersion } from '../../src/accounts/index.ts';
import type { SecretRing } from '../../src/lib/secret-ring.ts';

describe('auth.internals', () => {
  it('names the version of better-auth that is installed: read the file before you raise it', () => {
    const file = new URL('../../node_modules/better-auth/package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(betterAuthVersion).to.equal(version);
  });
});

describe('sessionToken', () => {
  const baseUrl = 'http://127.0.0.1:3000';
  const secrets: SecretRing = ['a secret of the tests'];
  const cookieOf = (token: string, signature: string): string =>
    `tz=UTC; examdesk.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
  const right = cookieOf('token-of-rita', cookieSignature(secrets[0], 'token-of-rita'));
  const wrong: Record<string, string> = {
    'another token with this signature': right.replace('rita', 'nora'),
    'the signature of another secret': cookieOf('token-of-rita', cookieSignature('another', 'token-of-rita')),
    'half of the signature': cookieOf(
      'token-of-rita',
      cookieSignature(secrets[0], 'token-of-rita').slice(0, 20),
    ),
    'no signature': 'examdesk.session_token=token-of-rita',
    'a signature alone': cookieOf('', cookieSignature(secrets[0], '')),
  };

  it('returns the token each time the cookie comes', () => {
    for (let time = 0; time < 3; time += 1)
      expect(sessionToken({ baseUrl, secrets }, right)).to.equal('token-of-rita');
  });

  for (const [what, cookie] of Object.entries(wrong))
    it(`refuses ${what}, each time, also after the right cookie came`, () => {
      sessionToken({ baseUrl, secrets }, right);
      for (let time = 0; time < 3; time += 1)
        expect(sessionToken({ baseUrl, secrets }, cookie)).to.equal(null);
    });

  it('refuses what it accepted when the secrets are others', () => {
    sessionToken({ baseUrl, secrets }, right);
    expect(sessionToken({ baseUrl, secrets: ['another secret'] }, right)).to.equal(null);
  });
});
