// The limits of the real service: ten requests a second and twenty at once (section 4). Uses real time.
import { tooMany } from './errors.ts';

const perSecond = 10;
const atOnce = 20;

export interface Limits {
  /** Counts the request until the returned function is called. @throws AcuityError 429 */
  enter(): () => void;
}

export function createLimits(): Limits {
  let tokens = perSecond;
  let filledAt = performance.now();
  let inFlight = 0;
  return {
    enter() {
      const now = performance.now();
      tokens = Math.min(perSecond, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (tokens < 1 || inFlight >= atOnce) throw tooMany();
      tokens -= 1;
      inFlight += 1;
      return () => {
        inFlight -= 1;
      };
    },
  };
}
