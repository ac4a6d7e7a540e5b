// Recognises by a signed cookie the browsers in which an account has signed in before. They have their own count of
// failed sign-ins, so a stranger cannot lock the owner out. The cookie grants no access.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
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

export function createKnownBrowsers(secret: string, baseUrl: string): KnownBrowsers {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'examdesk known browsers', 32));
  const name = `${cookiePrefix(baseUrl)}.known`;
  const mac = (text: string) => createHmac('sha256', key).update(text).digest();
  const accountOf = (email: string) =>
    mac(`account:${email.trim().toLowerCase()}`).subarray(0, 16).toString('base64url');

  function read(headers: Headers): Known | null {
    const pair = (headers.get('cookie') ?? '').split(/;\s*/).find((one) => one.startsWith(`${name}=`));
    const [, id = '', accounts = '', signature = ''] = shape.exec(pair?.slice(name.length + 1) ?? '') ?? [];
    if (id === '') return null;
    const isOurs = timingSafeEqual(Buffer.from(signature, 'base64url'), mac(`browser:${id}~${accounts}`));
    return isOurs ? { id, accounts: accounts.split('.') } : null;
  }

  return {
    idFor(headers, email) {
      const known = read(headers);
      return known?.accounts.includes(accountOf(email)) ? known.id : null;
    },
    remember(headers, email) {
      const known = read(headers) ?? { id: randomBytes(16).toString('base64url'), accounts: [] };
      const account = accountOf(email);
      const others = known.accounts.filter((one) => one !== account);
      const named = `${known.id}~${[account, ...others].slice(0, mostAccounts).join('.')}`;
      const value = `${named}~${mac(`browser:${named}`).toString('base64url')}`;
      return `${name}=${value}; Max-Age=${keptSeconds}; Path=/; HttpOnly; SameSite=Lax${isHttps(baseUrl) ? '; Secure' : ''}`;
    },
  };
}
