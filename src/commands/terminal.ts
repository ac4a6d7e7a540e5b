// What npm start prints: a line for each part that is ready, with the time it took.

export function say(line = ''): void {
  console.log(line);
}

export function complain(line: string): void {
  console.error(line);
}

/** Runs one step of the start and prints how long it took; `work` can return a remark. */
export async function step<T>(
  name: string,
  work: () => Promise<T>,
  remark?: (done: T) => string,
): Promise<T> {
  const startedAt = performance.now();
  const done = await work();
  const more = remark?.(done) ?? '';
  say(`  ${name.padEnd(18)} ${seconds(performance.now() - startedAt)}${more ? `  ${more}` : ''}`);
  return done;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
