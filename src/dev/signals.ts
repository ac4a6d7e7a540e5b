// Handles Ctrl-C once, although npm passes the terminal's signal on to a child that has received it already.
import { isAlive } from './processes.ts';

const echoMs = 700;

/**
 * @param leave called once, for the first signal, or when npm is gone and nobody can pass signals on
 * @param stopNow called for each later signal
 */
export function onLeave(leave: (why: string) => void, stopNow: () => void, npmPid: number | undefined): void {
  let first: number | undefined;
  const onSignal = (why: string) => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      leave(why);
    } else if (now - first > echoMs) stopNow();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  if (npmPid === undefined) return;
  const watch = setInterval(() => {
    if (isAlive(npmPid)) return;
    clearInterval(watch);
    onSignal('npm is gone');
  }, 300);
  watch.unref();
}
