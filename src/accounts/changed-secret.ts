// Renews what earlier secrets made, after BETTER_AUTH_SECRET was changed. better-auth accepts only cookies that the first
// secret of the ring signed, and reads a second step only if it knows which secret encrypted it.
import { hkdfSync } from 'node:crypto';
import { z } from 'zod';
import type { Queryable } from '../db/knex.ts';
import { decodeCookie } from '../lib/cookies.ts';
import { isEqual, type SecretRing } from '../lib/secret-ring.ts';
import type { JobDefinition } from '../ports/job-queue.ts';
import { cookiePrefix, cookieSignature, halfDaySeconds, isHttps } from './auth.internals.ts';

/** The number that better-auth writes beside what a secret encrypted. Derived from the secret, so rings need no numbers. */
export function versionOf(secret: string): number {
  return Buffer.from(hkdfSync('sha256', secret, '', 'examdesk secret version', 4)).readUInt32BE();
}

interface CookieRenewal {
  /** The request's cookies, all signed by the current secret. */
  cookie: string;
  /** Set-Cookie lines for the browser. */
  lines: string[];
}

/** The cookies to sign again, and whether the browser is sent the new one: not of `two_factor`, which lasts ten minutes. */
const signedCookies = { session_token: true, admin_session: true, two_factor: false };

/** @returns null when no cookie was signed by an earlier secret */
export function createCookieRenewal(
  ring: SecretRing,
  baseUrl: string,
): (cookie: string | undefined) => CookieRenewal | null {
  const [current, ...earlier] = ring;
  const prefix = cookiePrefix(baseUrl);
  const end = `; Max-Age=${halfDaySeconds}; Path=/; HttpOnly${isHttps(baseUrl) ? '; Secure' : ''}; SameSite=Lax`;

  /** The cookie, signed by the current secret; null when it is already, or when none of our secrets signed it. */
  function renewed(pair: string): { name: string; pair: string } | null {
    const [, name = '', encoded = ''] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
    const isOurs = Object.keys(signedCookies).some((one) => name === `${prefix}.${one}`);
    const [, text = '', signature = ''] =
      (isOurs && /^(.+)\.([\w+/]{43}=)$/.exec(decodeCookie(encoded))) || [];
    const isBy = (secret: string) =>
      isEqual(Buffer.from(cookieSignature(secret, text)), Buffer.from(signature));
    if (text === '' || isBy(current) || !earlier.some(isBy)) return null;
    return { name, pair: `${name}=${encodeURIComponent(`${text}.${cookieSignature(current, text)}`)}` };
  }

  return (cookie) => {
    if (earlier.length === 0 || cookie === undefined) return null;
    const pairs = cookie.split(/;\s*/).map((pair) => ({ pair, anew: renewed(pair) }));
    if (!pairs.some(({ anew }) => anew)) return null;
    return {
      cookie: pairs.map(({ pair, anew }) => anew?.pair ?? pair).join('; '),
      lines: pairs.flatMap(({ anew }) => {
        const name = anew?.name.slice(prefix.length + 1) as keyof typeof signedCookies | undefined;
        return anew && name && signedCookies[name] ? [anew.pair + end] : [];
      }),
    };
  };
}

/**
 * Second steps whose secret or recovery codes an earlier secret encrypted. Rows from before rings existed do not name their
 * secret: if there is only one secret, it is that one.
 */
function madeByEarlier(db: Queryable, ring: SecretRing) {
  const isCurrent = `$ba$${versionOf(ring[0])}$%`;
  return db('two_factors').where((row) => {
    for (const column of ['secret', 'backup_codes']) {
      if (ring.length === 1)
        void row.orWhereRaw(`?? like '$ba$%' and ?? not like ?`, [column, column, isCurrent]);
      else void row.orWhereRaw('?? not like ?', [column, isCurrent]);
    }
  });
}

/** For the system check. */
export async function countEncryptedByEarlier(db: Queryable, ring: SecretRing): Promise<number> {
  const row = await madeByEarlier(db, ring).count({ count: '*' }).first();
  return Number(row?.count ?? 0);
}

/**
 * Encrypts second steps with the current secret. Those that no secret can decrypt stay as they are: their owner has to set
 * up two-step sign-in again.
 * @param userId left out: everybody's
 * @returns how many were renewed
 */
export async function renewSecondSteps(db: Queryable, ring: SecretRing, userId?: string): Promise<number> {
  if (ring.length === 1) return 0;
  const found = madeByEarlier(db, ring).select('id', 'secret', 'backup_codes');
  const rows = await (userId === undefined ? found : found.where({ user_id: userId }));
  let count = 0;
  for (const { id, secret, backup_codes } of rows) {
    const [plainSecret, plainCodes] = await Promise.all([
      decryptSecondStep(ring, secret),
      decryptSecondStep(ring, backup_codes),
    ]);
    if (plainSecret === null || plainCodes === null) continue;
    // Writes only if the row is unchanged: a change meanwhile has encrypted it with the current secret.
    count += await db('two_factors')
      .where({ id, secret, backup_codes })
      .update({ secret: await encrypt(ring, plainSecret), backup_codes: await encrypt(ring, plainCodes) });
  }
  return count;
}

/** Runs each hour, and when a worker starts. */
export const renewSecondStepsJob: JobDefinition<Record<string, never>> = {
  name: 'renew_second_steps',
  payload: z.object({}),
};

async function encrypt(ring: SecretRing, data: string): Promise<string> {
  return (await import('better-auth/crypto')).symmetricEncrypt({ key: keysOf(ring), data });
}

/** Null when none of the secrets encrypted it. */
export async function decryptSecondStep(ring: SecretRing, data: string): Promise<string | null> {
  const { symmetricDecrypt } = await import('better-auth/crypto');
  for (const legacySecret of ring) {
    try {
      return await symmetricDecrypt({ key: { ...keysOf(ring), legacySecret }, data });
    } catch {
      // Encrypted with another one: the cipher authenticates what it opens.
    }
  }
  return null;
}

function keysOf(ring: SecretRing) {
  return {
    keys: new Map(ring.map((secret) => [versionOf(secret), secret])),
    currentVersion: versionOf(ring[0]),
  };
}
