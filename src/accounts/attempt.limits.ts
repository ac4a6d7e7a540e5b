// How often one may try what sends a mail or checks a secret: by what it is about and by address, in all processes.
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { networkOf } from '../lib/addresses.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { Cache } from '../ports/cache.ts';

export type Attempt =
  | 'link'
  | 'invite'
  | 'forgotten'
  | 'password'
  | 'email'
  | 'second_factor'
  | 'second_factor_anywhere';

interface Limit {
  perSubject: number;
  perAddress: number;
  windowMs: number;
}
export type AttemptLimits = Record<Attempt, Limit>;

const quarter = 15 * 60_000;
const hour = 60 * 60_000;

export const usualAttemptLimits: AttemptLimits = {
  link: { perSubject: 20, perAddress: 60, windowMs: quarter },
  invite: { perSubject: 100, perAddress: 200, windowMs: hour },
  forgotten: { perSubject: 5, perAddress: 20, windowMs: hour },
  password: { perSubject: 10, perAddress: 60, windowMs: quarter },
  email: { perSubject: 5, perAddress: 20, windowMs: hour },
  second_factor: { perSubject: 10, perAddress: 60, windowMs: quarter },
  /** Of one account, outside the browsers that it knows. Codes are short: many addresses together may not try them all. */
  second_factor_anywhere: { perSubject: 30, perAddress: 60, windowMs: quarter },
};

export interface AttemptLimiter {
  /**
   * Counts a try. Milliseconds to wait when there were too many, else 0.
   * @param subject an id or an e-mail address; only its digest is kept
   * @param address left out: tries are counted by subject alone
   */
  count(attempt: Attempt, subject: string, address?: string | null): Promise<number>;
}

export function createAttemptLimiter(
  cache: Cache,
  log: Logger,
  limits: AttemptLimits = usualAttemptLimits,
): AttemptLimiter {
  return {
    async count(attempt, subject, address) {
      const { perSubject, perAddress, windowMs } = limits[attempt];
      const digest = createHash('sha256').update(subject.trim().toLowerCase()).digest('hex').slice(0, 32);
      try {
        const tries = await Promise.all([
          cache.increment(`attempt:${attempt}:subject:${digest}`, windowMs),
          ...(address === undefined
            ? []
            : [cache.increment(`attempt:${attempt}:address:${networkOf(address)}`, windowMs)]),
        ]);
        const most = [perSubject, perAddress];
        return Math.max(...tries.map((one, i) => (one.count > (most[i] ?? 0) ? one.expiresInMs : 0)));
      } catch (error) {
        // As for signing in: without the cache people must still be able to work.
        log.warn({ err: errorFacts(error), attempt }, 'Tries are not limited: the cache does not answer');
        return 0;
      }
    },
  };
}
