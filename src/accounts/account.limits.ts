// Limits how often a secret can be tried, or an e-mail be sent. Tries are counted in the cache, for all processes together.
// While the cache is away nothing is limited: people must still be able to work, and passwords are slow to check anyway.
import type { Logger } from 'pino';
import { networkOf } from '../lib/addresses.ts';
import { errorFacts } from '../lib/error-facts.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { Cache } from '../ports/cache.ts';

export type LimitedAction =
  | 'link'
  | 'invite'
  | 'forgotten'
  | 'password'
  | 'email'
  | 'second_factor'
  | 'second_factor_anywhere'
  | 'calendar_feed'
  | 'message'
  | 'instructions';

interface ActionLimit {
  perSubject: number;
  perAddress: number;
  windowMs: number;
}

export type ActionLimits = Record<LimitedAction, ActionLimit>;

const quarter = 15 * 60_000;
const hour = 60 * 60_000;

export const usualActionLimits: ActionLimits = {
  link: { perSubject: 20, perAddress: 60, windowMs: quarter },
  invite: { perSubject: 100, perAddress: 200, windowMs: hour },
  forgotten: { perSubject: 5, perAddress: 20, windowMs: hour },
  password: { perSubject: 10, perAddress: 60, windowMs: quarter },
  email: { perSubject: 5, perAddress: 20, windowMs: hour },
  second_factor: { perSubject: 10, perAddress: 60, windowMs: quarter },
  /** Codes of one account, from browsers that it does not know. They are short, so tries of all addresses count together. */
  second_factor_anywhere: { perSubject: 30, perAddress: 60, windowMs: quarter },
  /** Reads of one person's feed by all devices. Counted without addresses: providers read for many people from the same. */
  calendar_feed: { perSubject: 120, perAddress: 120, windowMs: hour },
  /** Messages of one person, each of which may cause e-mails. Counted without addresses, because an office shares one. */
  message: { perSubject: 100, perAddress: 100, windowMs: hour },
  /** Instructions that one person sends to examinees. Counted without addresses. */
  instructions: { perSubject: 60, perAddress: 60, windowMs: hour },
};

/**
 * Sign-in refuses tries by account and address together, and by address. Tries of one account from everywhere are only
 * slowed down, so that nobody can lock somebody else out. A browser in which this person has signed in before has a
 * count of its own.
 */
export interface SignInLimits {
  /** Tries of one account from one address. */
  perPair: number;
  /** Tries of one account in a browser that it knows. */
  perBrowser: number;
  perAddress: number;
  /** Tries of one account from anywhere that are not slowed down. */
  perAccount: number;
  windowMs: number;
  /** How long the first slowed try takes. Each further one takes twice as long, up to `slowestMs`. */
  slowMs: number;
  slowestMs: number;
}

const usualSignInLimits: SignInLimits = {
  perPair: 10,
  perBrowser: 10,
  perAddress: 100,
  perAccount: 20,
  windowMs: quarter,
  slowMs: 250,
  slowestMs: 5_000,
};

export interface SignInTry {
  email: string;
  address: string | null;
  /** The browser's id, if the account knows it; null otherwise. */
  browserId: string | null;
}

export interface Limits {
  /**
   * Counts a try. Returns the milliseconds to wait when there were too many, otherwise 0.
   * @param subject an id or an e-mail address; only its digest is kept
   * @param address left out: tries are counted by subject alone
   */
  count(action: LimitedAction, subject: string, address?: string | null): Promise<number>;
  /** Counts a sign-in. `refusedMs`: how long to wait when there were too many, else 0; `slowMs`: how long this one takes. */
  countSignIn(given: SignInTry): Promise<{ refusedMs: number; slowMs: number }>;
  /** Call it after the right password, so that earlier wrong ones no longer count. */
  forgiveSignIn(given: SignInTry): Promise<void>;
}

export function createLimits(
  cache: Cache,
  log: Logger,
  digests: KeyedDigests,
  overrides: { actions?: ActionLimits; signIn?: Partial<SignInLimits> } = {},
): Limits {
  const actions = overrides.actions ?? usualActionLimits;
  const signIn = { ...usualSignInLimits, ...overrides.signIn };

  /** How long to wait when this try is one more than `most`; otherwise 0. */
  async function over(key: string, most: number, windowMs: number): Promise<number> {
    const { count, expiresInMs } = await cache.increment(key, windowMs);
    return count > most ? expiresInMs : 0;
  }

  async function unlessAway<T>(
    work: () => Promise<T>,
    otherwise: T,
    facts: object,
    message: string,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      log.warn({ err: errorFacts(error), ...facts }, message);
      return otherwise;
    }
  }

  return {
    count(action, subject, address) {
      const { perSubject, perAddress, windowMs } = actions[action];
      const key = `attempt:${action}`;
      const work = async () => {
        const waits = [over(`${key}:subject:${digests.of(normalised(subject))}`, perSubject, windowMs)];
        if (address !== undefined)
          waits.push(over(`${key}:address:${networkOf(address)}`, perAddress, windowMs));
        return Math.max(...(await Promise.all(waits)));
      };
      return unlessAway(work, 0, { action }, 'Tries are not limited: the cache does not answer');
    },

    countSignIn(given) {
      const { browser, pair, address, account } = keysOf(given, digests);
      const { windowMs } = signIn;
      const work = async () => {
        if (browser !== null)
          return { refusedMs: await over(browser, signIn.perBrowser, windowMs), slowMs: 0 };
        const [byPair, byAddress, ofAccount] = await Promise.all([
          over(pair, signIn.perPair, windowMs),
          over(address, signIn.perAddress, windowMs),
          cache.increment(account, windowMs),
        ]);
        const slower = ofAccount.count - signIn.perAccount;
        const slowMs = slower > 0 ? Math.min(signIn.slowestMs, signIn.slowMs * 2 ** (slower - 1)) : 0;
        return { refusedMs: Math.max(byPair, byAddress), slowMs };
      };
      const unlimited = { refusedMs: 0, slowMs: 0 };
      return unlessAway(work, unlimited, {}, 'Sign-in is not limited: the cache does not answer');
    },

    forgiveSignIn(given) {
      const { browser, pair, account } = keysOf(given, digests);
      // The right password in an unknown browser does not forgive wrong ones in a known browser.
      const work = () => (browser === null ? cache.delete(pair, account) : cache.delete(browser));
      return unlessAway(work, undefined, {}, 'Earlier sign-in tries could not be forgiven');
    },
  };
}

/** Whoever operates the cache can read its keys, so they hold digests and no e-mail addresses. */
function keysOf({ email, address, browserId }: SignInTry, digests: KeyedDigests) {
  const account = digests.of(normalised(email));
  const network = networkOf(address);
  return {
    pair: `sign-in:pair:${account}:${network}`,
    address: `sign-in:address:${network}`,
    account: `sign-in:account:${account}`,
    browser: browserId === null ? null : `sign-in:browser:${account}:${browserId}`,
  };
}

/** An id or an e-mail address, whose digest tells tries apart without naming anyone. */
export function normalised(text: string): string {
  return text.trim().toLowerCase();
}
