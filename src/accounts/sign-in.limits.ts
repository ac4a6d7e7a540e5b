// How often one may fail to sign in, so that nobody can lock somebody else out: by account and address together, and by
// address; by account alone tries are only slowed down. A browser in which this person has signed in before has a count
// of its own. Shared by all processes through the cache.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { networkOf } from '../lib/addresses.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Cache } from '../ports/cache.ts';

export interface SignInLimits {
  /** Tries of one account from one address. */
  perPair: number;
  /** Tries of one account in a browser that it knows. */
  perBrowser: number;
  perAddress: number;
  /** Tries of one account from anywhere that are not slowed down. */
  perAccount: number;
  windowMs: number;
  /** Of the first try that is slowed down; each further one takes twice as long, up to `slowestMs`. */
  slowMs: number;
  slowestMs: number;
}

export const usualSignInLimits: SignInLimits = {
  perPair: 10,
  perBrowser: 10,
  perAddress: 100,
  perAccount: 20,
  windowMs: 15 * 60_000,
  slowMs: 250,
  slowestMs: 5_000,
};

export interface SignInTry {
  email: string;
  address: string | null;
  /** Of a browser that the account knows. */
  browserId: string | null;
}

export interface SignInLimiter {
  /** Counts a try. `refusedMs`: how long to wait when there were too many, else 0; `slowMs`: how long this one takes. */
  count(given: SignInTry): Promise<{ refusedMs: number; slowMs: number }>;
  /** The right password: earlier slips are forgiven. */
  forgive(given: SignInTry): Promise<void>;
}

export function createSignInLimiter(
  cache: Cache,
  log: Logger,
  overrides: Partial<SignInLimits> = {},
): SignInLimiter {
  const limits = { ...usualSignInLimits, ...overrides };
  const tries = (key: string) => cache.increment(key, limits.windowMs);
  const over = async (key: string, most: number): Promise<number> => {
    const { count, expiresInMs } = await tries(key);
    return count > most ? expiresInMs : 0;
  };

  return {
    async count(given) {
      const keys = keysOf(given);
      try {
        if (keys.browser !== null)
          return { refusedMs: await over(keys.browser, limits.perBrowser), slowMs: 0 };
        const [byPair, byAddress, ofAccount] = await Promise.all([
          over(keys.pair, limits.perPair),
          over(keys.address, limits.perAddress),
          tries(keys.account),
        ]);
        const slower = ofAccount.count - limits.perAccount;
        const slowMs = slower > 0 ? Math.min(limits.slowestMs, limits.slowMs * 2 ** (slower - 1)) : 0;
        return { refusedMs: Math.max(byPair, byAddress), slowMs };
      } catch (error) {
        // Without the cache people must still be able to work; passwords are slow to try all the same.
        log.warn({ err: errorFacts(error) }, 'Sign-in is not limited: the cache does not answer');
        return { refusedMs: 0, slowMs: 0 };
      }
    },

    async forgive(given) {
      const { browser, pair, account } = keysOf(given);
      try {
        // Whoever knows the password from here says nothing about tries from elsewhere in a known browser.
        await (browser === null ? cache.delete(pair, account) : cache.delete(browser));
      } catch (error) {
        log.warn({ err: errorFacts(error) }, 'Earlier sign-in tries could not be forgiven');
      }
    },
  };
}

/** Keys are seen by whoever operates the cache: no e-mail addresses in them. */
function keysOf({ email, address, browserId }: SignInTry) {
  const account = emailDigest(email);
  const network = networkOf(address);
  return {
    pair: `sign-in:pair:${account}:${network}`,
    address: `sign-in:address:${network}`,
    account: `sign-in:account:${account}`,
    browser: browserId === null ? null : `sign-in:browser:${account}:${browserId}`,
  };
}

/** The same e-mail gives the same digest, so that tries can be told apart without naming anyone. */
export function emailDigest(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('hex').slice(0, 32);
}
