// The real service's limits: ten requests a second and twenty at once (section 4). By the real clock.
import { tooMany } from './errors.ts';

const perSecond = 10;
const atOnce = 20;

export interface Limits {
  /** @throws AcuityError 429. The returned function ends the request. */
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
