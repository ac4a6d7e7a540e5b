// Recognises by a signed cookie the browsers in which an account has signed in before. They have their own count of
// failed sign-ins, so a stranger cannot lock the owner out. The cookie grants no access.
import { randomBytes } from 'node:crypto';
import { readCookie } from '../lib/cookies.ts';
import { createSigner, type SecretRing } from '../lib/secret-ring.ts';
import { cookiePrefix, isHttps } from './auth.internals.ts';

export interface KnownBrowsers {
  /** The browser's id, when this account has signed in there; else null. */
  idFor(headers: Headers, email: string): string | null;
  /** The Set-Cookie line after sign-in; keeps the accounts that the cookie holds. */
  remember(headers: Headers, email: string): string;
}

const keptSeconds = 180 * 24 * 3_600;
/** How many accounts one browser remembers. */
const mostAccounts = 10;
const shape = /^([\w-]{22})~((?:[\w-]{22}\.?)+)~([\w-]{43})$/;

interface Known {
  id: string;
  /** Latest first. */
  accounts: string[];
}

export function createKnownBrowsers(secrets: SecretRing, baseUrl: string): KnownBrowsers {
  const signer = createSigner(secrets, 'examdesk known browsers');
  const name = `${cookiePrefix(baseUrl)}.known`;
  /** The digests that may stand for the account in the cookie: by the current secret first, then by earlier ones. */
  const digestsOf = (email: string) =>
    signer
      .signatures(`account:${email.trim().toLowerCase()}`)
      .map((signature) => signature.subarray(0, 16).toString('base64url'));

  function read(headers: Headers): Known | null {
    const value = readCookie(headers.get('cookie'), name) ?? '';
    const [, id = '', accounts = '', signature = ''] = shape.exec(value) ?? [];
    if (id === '') return null;
    const isOurs = signer.isSigned(`browser:${id}~${accounts}`, Buffer.from(signature, 'base64url'));
    return isOurs ? { id, accounts: accounts.split('.') } : null;
  }

  return {
    idFor(headers, email) {
      const known = read(headers);
      return known && digestsOf(email).some((one) => known.accounts.includes(one)) ? known.id : null;
    },
    remember(headers, email) {
      const known = read(headers) ?? { id: randomBytes(16).toString('base64url'), accounts: [] };
      const digests = digestsOf(email);
      const others = known.accounts.filter((one) => !digests.includes(one));
      const accounts = [...digests.slice(0, 1), ...others].slice(0, mostAccounts);
      const named = `${known.id}~${accounts.join('.')}`;
      const value = `${named}~${signer.sign(`browser:${named}`).toString('base64url')}`;
      return `${name}=${value}; Max-Age=${keptSeconds}; Path=/; HttpOnly; SameSite=Lax${isHttps(baseUrl) ? '; Secure' : ''}`;
    },
  };
}
