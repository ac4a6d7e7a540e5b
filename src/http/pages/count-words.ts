// Words for counts that stop at a bound.

/** `12`, or `99+` where counting stopped. @param most the bound */
export function countWords(count: number, most: number): string {
  return count < most ? count.toLocaleString('en-AU') : `${(most - 1).toLocaleString('en-AU')}+`;
}

/** `12 more`, or `at least 70 more` where counting stopped; null: all are listed. */
export function moreWords(listed: number, count: number, most: number): string | null {
  if (count <= listed) return null;
  const more = `${(count - listed).toLocaleString('en-AU')} more`;
  return count < most ? more : `at least ${more}`;
}
