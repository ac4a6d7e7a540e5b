/** `123 456` as people read it off the app → `123456`. */
export function digits(typed: string): string {
  return typed.replace(/[\s-]/g, '');
}

/** Recovery codes keep their dash; blanks around or within come from copying. */
export function recoveryCode(typed: string): string {
  return typed.replace(/\s/g, '');
}
