// Child processes for fault tests. They load the app first and then wait for their plan, so that a test that kills one
// need not wait until the next has loaded.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processEnv } from './process-env.ts';

export interface ChildPool<Plan extends object> {
  /** The process that has waited longest, after sending it its plan; another one starts to load in its place. */
  take(plan: Plan): ChildProcess;
  /** Gives a process that finished its plan back, to wait for the next. */
  putBack(child: ChildProcess): void;
  /** Ends all remaining processes by SIGKILL. */
  close(): Promise<void>;
}

/** @param file a module that takes its plan with `nextPlan` */
export function openChildPool<Plan extends object>(
  file: string,
  env: Record<string, string>,
  waitingAtOnce = 1,
): ChildPool<Plan> {
  const running = new Set<ChildProcess>();
  const waiting: ChildProcess[] = [];

  function load(): ChildProcess {
    const child = forkChild(file, env);
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  return {
    take(plan) {
      const child = waiting.shift() ?? load();
      child.send(plan);
      while (waiting.length < waitingAtOnce) waiting.push(load());
      return child;
    },
    putBack(child) {
      waiting.unshift(child);
    },
    async close() {
      await Promise.all(
        [...running].map(async (child) => {
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        }),
      );
    },
  };
}

export function forkChild(file: string, env: Record<string, string>): ChildProcess {
  return fork(file, {
    env: { ...processEnv, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** In the child: waits for the test's next plan. The child ends when the test's process ends. */
export async function nextPlan<Plan>(): Promise<Plan> {
  if (process.listenerCount('disconnect') === 0) process.once('disconnect', () => process.exit(1));
  const [plan] = (await once(process, 'message')) as [Plan];
  return plan;
}

/** `onStep` for a child: kills it when it reaches the planned step. */
export function killedAt(step: () => string | null): (reached: string) => Promise<void> {
  return async (reached) => {
    if (reached !== step()) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  };
}
