// Everything here depends on better-auth's internals, checked against the version below: the queries of its pool, the names
// and contents of its cookies, the identifiers of its verifications, the table of its passwords, how it encrypts secrets,
// the codes of its errors. Before you update better-auth, compare this file with its source. better-auth is loaded only when
// it is first used.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac } from 'node:crypto';
import type { AuthContext, GenericEndpointContext } from 'better-auth';
import type { APIError } from 'better-auth/api';
import type { Pool, PoolClient } from 'pg';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { decodeCookie, readCookie } from '../lib/cookies.ts';
import { remembered } from '../lib/remembered.ts';
import { isEqual, type SecretRing } from '../lib/secret-ring.ts';

export const betterAuthVersion = '1.7.25';

/** How long a session lasts at most. */
export const halfDaySeconds = 12 * 60 * 60;

/**
 * What the names of all our cookies begin with. Over https it is `__Host-`: browsers accept such a cookie only from
 * this very host, for all its paths and with https, so no other host of the domain can plant one. better-auth's own
 * prefix, `__Secure-`, allows that.
 */
export function cookiePrefix(baseUrl: string): string {
  return isHttps(baseUrl) ? '__Host-examdesk' : 'examdesk';
}

/** The cookie of the session. */
export function sessionCookieName(baseUrl: string): string {
  return `${cookiePrefix(baseUrl)}.session_token`;
}

/** better-auth's options for these names. */
export function cookieOptions(baseUrl: string) {
  return {
    cookiePrefix: cookiePrefix(baseUrl),
    // true would put __Secure- before our names. The attribute `secure` of each cookie is set separately.
    useSecureCookies: false,
    defaultCookieAttributes: { secure: isHttps(baseUrl) },
  };
}

// Each request asks.
const protocolOf = remembered((url: string) => new URL(url).protocol);

export function isHttps(baseUrl: string): boolean {
  return protocolOf(baseUrl) === 'https:';
}

// better-auth writes through a pool of its own. Here its writes can join a transaction of ours, so that its changes and
// their audit rows commit together.

/** A transaction that better-auth's queries go through; null until it is open. */
interface Joined {
  transaction: Promise<Transaction> | null;
  begin(): Promise<Transaction>;
}

const joined = new AsyncLocalStorage<Joined>();

/** Runs better-auth's queries in `work` inside the transaction. */
export function joinTransaction<T>(trx: Transaction, work: () => Promise<T>): Promise<T> {
  const transaction = Promise.resolve(trx);
  return joined.run({ transaction, begin: () => transaction }, work);
}

/**
 * Does the same in a transaction that begins with the first write, so that no connection is held while a password is hashed.
 * @param work gets a function that returns the transaction, for the audit row. An error rolls back.
 */
export async function joinLateTransaction<T>(
  db: Database,
  work: (begin: () => Promise<Transaction>) => Promise<T>,
): Promise<T> {
  const late: Joined = {
    transaction: null,
    begin: () => (late.transaction ??= db.transaction()),
  };
  try {
    const done = await joined.run(late, () => work(() => late.begin()));
    await (await late.transaction)?.commit();
    return done;
  } catch (error) {
    await (await late.transaction)?.rollback();
    throw error;
  }
}

/** The pool; inside joinTransaction, the transaction's connection. */
export function joinablePool(pool: Pool): Pick<Pool, 'connect' | 'end'> {
  const connect = async (): Promise<PoolClient> => {
    const store = joined.getStore();
    return store ? borrowed(store, pool) : pool.connect();
  };
  return { connect: connect as Pool['connect'], end: () => pool.end() };
}

// Inside our transaction, better-auth's `begin` becomes a savepoint, and releasing the client does nothing.
const nested: Record<string, string> = {
  begin: 'savepoint better_auth',
  commit: 'release savepoint better_auth',
  rollback: 'rollback to savepoint better_auth',
};

function borrowed(store: Joined, pool: Pool): PoolClient {
  const query = async (text: string, values?: unknown[]) => {
    if (store.transaction === null && /^select\b/i.test(text)) return pool.query(text, values);
    const { client } = (await store.begin()) as unknown as {
      client: { acquireConnection(): Promise<PoolClient> };
    };
    return (await client.acquireConnection()).query(nested[text] ?? text, values);
  };
  return { query, release: () => undefined } as unknown as PoolClient;
}

// better-auth keeps the token of an acting admin's own session in a second cookie, which only better-auth reads and
// writes. Its own endpoint that ends acting requires a valid acting session, and restores the admin's session even when
// that one has expired.

const asked = { method: 'POST', requireHeaders: true } as const;

/** These endpoints have no paths, so no router can reach them. */
export async function adminSessionPlugin() {
  const [{ createAuthEndpoint }, { expireCookie, setSessionCookie }] = await Promise.all([
    import('better-auth/api'),
    import('better-auth/cookies'),
  ]);
  return {
    id: 'admin-session',
    endpoints: {
      /** The session of the second cookie, valid or not. */
      findAdminSession: createAuthEndpoint(asked, async (ctx) =>
        ctx.json({ sessionId: (await adminSessionOf(ctx))?.session.id ?? null }),
      ),
      /** Makes it the browser's session again. The caller has checked that it is valid. */
      restoreAdminSession: createAuthEndpoint(asked, async (ctx) => {
        const found = await adminSessionOf(ctx);
        if (found) await setSessionCookie(ctx, found, false);
        expireCookie(ctx, adminCookie(ctx));
        return ctx.json({ isAdminRestored: found !== null });
      }),
      clearAdminCookie: createAuthEndpoint(asked, async (ctx) => {
        expireCookie(ctx, adminCookie(ctx));
        return ctx.json({ isCleared: true });
      }),
    },
  };
}

function adminCookie(ctx: GenericEndpointContext): ReturnType<AuthContext['createAuthCookie']> {
  return ctx.context.createAuthCookie('admin_session');
}

/** Null without the cookie, or when the session is gone. The session may have expired. */
async function adminSessionOf(ctx: GenericEndpointContext) {
  const signed = await ctx.getSignedCookie(adminCookie(ctx).name, ctx.context.secret);
  // "token:flag"; the flag marks sign-ins that are not remembered, which we never have.
  const [token] = signed ? signed.split(':') : [];
  return token ? ctx.context.internalAdapter.findSession(token) : null;
}

/** What the cookies' names and signatures are made from. */
interface CookieKeys {
  baseUrl: string;
  secrets: SecretRing;
}

/**
 * The token of the session's cookie, as better-auth reads it; null without a cookie that we signed. Done here because
 * better-auth imports the key again for each request, in another thread.
 */
export function sessionToken({ baseUrl, secrets }: CookieKeys, cookies: string): string | null {
  const value = readCookie(cookies, sessionCookieName(baseUrl));
  if (!value) return null;
  const signed = signedBy(secrets);
  const known = signed.get(value);
  if (known !== undefined) return known;
  const end = value.lastIndexOf('.');
  if (end < 1) return null;
  const token = value.slice(0, end);
  const right = cookieSignature(secrets[0], token);
  if (!isEqual(Buffer.from(right), Buffer.from(value.slice(end + 1)))) return null;
  if (signed.size >= mostSigned) signed.clear();
  signed.set(value, token);
  return token;
}

const mostSigned = 5_000;
const signedByRing = new WeakMap<SecretRing, Map<string, string>>();

/**
 * For each ring of secrets, cookies with a valid signature and their tokens. Computing a signature takes a twentieth of a
 * short request, and it stays valid. Cookies with a wrong signature are not kept, so that nobody can fill the memory with
 * them. Whether the session still exists is checked elsewhere.
 */
function signedBy(secrets: SecretRing): Map<string, string> {
  let signed = signedByRing.get(secrets);
  if (!signed) {
    signed = new Map();
    signedByRing.set(secrets, signed);
  }
  return signed;
}

/** The signature that better-auth appends to a cookie's text after a full stop. */
export function cookieSignature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/** Whether a request has the second cookie. Most do not, and nothing is looked up for them. */
export function hasAdminCookie(baseUrl: string, headers: Headers): boolean {
  return cookieIn(baseUrl, headers, 'admin_session') !== null;
}

/** Whether a request carries the cookie of a session, valid or not. */
export function hasSessionCookie(baseUrl: string, cookies: string): boolean {
  return readCookie(cookies, sessionCookieName(baseUrl)) !== null;
}

/** `name=value` as the browser sent it. */
function cookieIn(baseUrl: string, headers: Headers, name: string): string | null {
  const pairs = (headers.get('cookie') ?? '').split(/;\s*/);
  return pairs.find((pair) => pair.startsWith(`${cookiePrefix(baseUrl)}.${name}=`)) ?? null;
}

/** Between password and code: whose password was right, and the headers with which better-auth takes the code. */
export async function findChallenge(
  { baseUrl, db }: { baseUrl: string; db: Queryable },
  headers: Headers,
): Promise<{ userId: string; headers: Headers } | null> {
  const cookie = cookieIn(baseUrl, headers, 'two_factor');
  if (!cookie) return null;
  const signed = decodeCookie(cookie.slice(cookie.indexOf('=') + 1));
  const identifier = signed.slice(0, Math.max(0, signed.lastIndexOf('.')));
  if (!identifier.startsWith('2fa-')) return null;
  const begun = await db('verifications')
    .where({ identifier })
    .whereRaw('expires_at > clock_timestamp()')
    .first('value');
  if (!begun) return null;
  // Passes only the challenge's cookie: with a session's cookie better-auth would take the code as one for a set-up.
  const alone = new Headers({ cookie });
  for (const name of ['user-agent', 'x-client-ip', 'origin', 'host']) {
    const value = headers.get(name);
    if (value !== null) alone.set(name, value);
  }
  return { userId: begun.value, headers: alone };
}

// better-auth refuses addresses that RFC 5321 allows, such as smith&jones@…, before it looks for the account. It gets a
// stand-in that it accepts, and looks for the address behind it.

const standInDomain = '@address.invalid';

type UserFinder = Pick<AuthContext['internalAdapter'], 'findUserByEmail'>;
const finders = new WeakSet<UserFinder>();

/** The address to sign in with. */
export async function acceptedAddress(
  auth: { $context: Promise<{ internalAdapter: UserFinder }> },
  email: string,
): Promise<string> {
  const { internalAdapter } = await auth.$context;
  if (!finders.has(internalAdapter)) {
    finders.add(internalAdapter);
    const find = internalAdapter.findUserByEmail;
    internalAdapter.findUserByEmail = (given, options) => find(addressBehind(given), options);
  }
  return `${Buffer.from(email).toString('hex')}${standInDomain}`;
}

function addressBehind(given: string): string {
  return given.endsWith(standInDomain)
    ? Buffer.from(given.slice(0, -standInDomain.length), 'hex').toString()
    : given;
}

/** Whether better-auth refused the request. Compares the error's name, as better-auth does. */
export function isRefusal(error: unknown): error is APIError {
  return error instanceof Error && error.name === 'APIError' && (error as APIError).statusCode < 500;
}

/** How better-auth refused a code at sign-in. Throws the error again when it is no refusal. */
export function codeRefusalOf(error: unknown): 'wrong_code' | 'challenge_over' | 'locked' {
  if (!isRefusal(error)) throw error;
  const code = error.body?.code;
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED') return 'locked';
  const isWrong = code === 'INVALID_CODE' || code === 'INVALID_BACKUP_CODE' || error.statusCode === 409;
  return isWrong ? 'wrong_code' : 'challenge_over';
}

const setUpRefusals: Record<string, 'wrong_password' | 'wrong_code' | 'not_now'> = {
  INVALID_PASSWORD: 'wrong_password',
  PASSWORD_TOO_LONG: 'wrong_password',
  PASSWORD_TOO_SHORT: 'wrong_password',
  INVALID_CODE: 'wrong_code',
  TOTP_ALREADY_ENABLED: 'not_now',
  TOTP_NOT_ENABLED: 'not_now',
  TWO_FACTOR_NOT_ENABLED: 'not_now',
  // The session ended meanwhile.
  UNAUTHORIZED: 'not_now',
  INVALID_TWO_FACTOR_COOKIE: 'not_now',
};

/** How better-auth refused a change of the second step; undefined for any other error. */
export function setUpRefusalOf(error: unknown): 'wrong_password' | 'wrong_code' | 'not_now' | undefined {
  return isRefusal(error) ? setUpRefusals[error.body?.code ?? ''] : undefined;
}

/** The secret of a second step in plain text. @param encrypted as it stands in two_factors */
export async function decryptSecret(
  auth: { $context: Promise<Pick<AuthContext, 'secretConfig'>> },
  encrypted: string,
): Promise<string> {
  const [{ symmetricDecrypt }, { secretConfig }] = await Promise.all([
    import('better-auth/crypto'),
    auth.$context,
  ]);
  return symmetricDecrypt({ key: secretConfig, data: encrypted });
}

// Reads and writes a person's password: in better-auth's table and with its hash, but in our transaction.

export async function hashPassword(password: string): Promise<string> {
  return (await import('better-auth/crypto')).hashPassword(password);
}

/** @param hash made by hashPassword */
export async function setPassword(trx: Transaction, userId: string, hash: string): Promise<void> {
  const changed = await trx('accounts')
    .where({ user_id: userId, provider_id: 'credential' })
    .update({ password: hash });
  if (changed > 0) return;
  await trx('accounts').insert({
    account_id: userId,
    provider_id: 'credential',
    user_id: userId,
    password: hash,
    updated_at: trx.raw('clock_timestamp()'),
  });
}

/** Whether this is the person's password. Takes the same time when they have none. */
export async function isPassword(db: Queryable, userId: string, password: unknown): Promise<boolean> {
  if (typeof password !== 'string' || password === '' || password.length > 128) return false;
  const row = await db('accounts').where({ user_id: userId, provider_id: 'credential' }).first('password');
  if (row?.password)
    return (await import('better-auth/crypto')).verifyPassword({ hash: row.password, password });
  await hashPassword(password);
  return false;
}
