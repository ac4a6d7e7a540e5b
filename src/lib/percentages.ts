/**
 * Whole percentages that add up to 100, or 0 for each when all counts are 0. Each is rounded down; what is left goes to
 * those with the largest fractions, the first among equals (largest remainder method).
 */
export function percentagesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return counts.map(() => 0);
  const exact = counts.map((count) => (count / total) * 100);
  const whole = exact.map(Math.floor);
  const left = 100 - whole.reduce((sum, percent) => sum + percent, 0);
  const fraction = (at: number) => (exact[at] ?? 0) - (whole[at] ?? 0);
  const raised = new Set([...whole.keys()].toSorted((a, b) => fraction(b) - fraction(a)).slice(0, left));
  return whole.map((percent, at) => percent + (raised.has(at) ? 1 : 0));
}
