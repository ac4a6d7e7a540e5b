import { tidyLine } from '../../lib/typed-text.ts';

/** `123 456` as authenticator apps show it → `123456`. */
export function digits(typed: string): string {
  return tidyLine(typed).replace(/[\s-]/g, '');
}

/** Removes blanks that come from copying; recovery codes keep their dash. */
export function recoveryCode(typed: string): string {
  return tidyLine(typed).replace(/\s/g, '');
}
