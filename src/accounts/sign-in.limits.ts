// How often one may fail to sign in: by account, so that one password is not guessed from many addresses, and by
// address, so that one address does not try many accounts. Shared by all processes through the cache.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { errorFacts } from '../lib/error-facts.ts';
import type { Cache } from '../ports/cache.ts';

export interface SignInLimits {
  perAccount: number;
  perAddress: number;
  windowMs: number;
}

export const usualSignInLimits: SignInLimits = { perAccount: 10, perAddress: 100, windowMs: 15 * 60_000 };

export interface SignInLimiter {
  /** Counts a try. Milliseconds to wait when there were too many, else 0. */
  count(email: string, address: string | null): Promise<number>;
  /** The right password: earlier slips of this account are forgiven. */
  forgive(email: string): Promise<void>;
}

export function createSignInLimiter(cache: Cache, log: Logger, limits = usualSignInLimits): SignInLimiter {
  const tries = async (key: string, most: number): Promise<number> => {
    const { count, expiresInMs } = await cache.increment(key, limits.windowMs);
    return count > most ? expiresInMs : 0;
  };
  return {
    async count(email, address) {
      try {
        const byAccount = await tries(accountKey(email), limits.perAccount);
        const byAddress = await tries(`sign-in:address:${address ?? 'unknown'}`, limits.perAddress);
        return Math.max(byAccount, byAddress);
      } catch (error) {
        // Without the cache people must still be able to work; passwords are slow to try all the same.
        log.warn({ err: errorFacts(error) }, 'Sign-in is not limited: the cache does not answer');
        return 0;
      }
    },

    async forgive(email) {
      try {
        await cache.delete(accountKey(email));
      } catch (error) {
        log.warn({ err: errorFacts(error) }, 'Earlier sign-in tries could not be forgiven');
      }
    },
  };
}

/** Keys are seen by whoever operates the cache: no addresses of people in them. */
function accountKey(email: string): string {
  return `sign-in:account:${emailDigest(email)}`;
}

/** The same e-mail gives the same digest, so that tries can be told apart without naming anyone. */
export function emailDigest(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('hex').slice(0, 32);
}
