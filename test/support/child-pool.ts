// Child processes for fault tests. Loading the app is most of what a child costs, so one child carries out many plans,
// and one kill ends several of them, each at its own step.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { processEnv } from './process-env.ts';

export interface ChildPool<Plan extends object> {
  /** A process that was put back, or a new one, after sending it its plan. */
  take(plan: Plan): ChildProcess;
  /** Gives a process that finished its plan back, to wait for the next. */
  putBack(child: ChildProcess): void;
  /** Ends all remaining processes by SIGKILL. */
  close(): Promise<void>;
}

/** @param file a module that takes its plans with `onPlan` or `nextPlan` */
export function openChildPool<Plan extends object>(
  file: string,
  env: Record<string, string>,
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
      return child;
    },
    putBack(child) {
      waiting.push(child);
    },
    async close() {
      await Promise.all([...running].map(kill));
    },
  };
}

export function forkChild(file: string, env: Record<string, string>): ChildProcess {
  return fork(file, {
    env: { ...processEnv, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** In the child: calls `start` with each plan of the test. The child ends when the test's process ends. */
export function onPlan(start: (plan: unknown) => void): void {
  process.once('disconnect', () => process.exit(1));
  process.on('message', start);
}

/** In a child that carries out one plan: waits for it. */
export async function nextPlan<Plan>(): Promise<Plan> {
  return (await new Promise(onPlan)) as Plan;
}

export interface Stopped {
  /** A planned step that was reached. */
  stoppedAt: string;
}

export interface Stops {
  /** From now on the first work that reaches one of these steps stops there for ever. Earlier steps are forgotten. */
  plan(steps: readonly string[]): void;
  /** For the app. */
  onStep: (reached: string) => Promise<void>;
}

/** In the child: tells the test, by a message, what stopped where. Nothing goes on there before the process is killed. */
export function createStops(): Stops {
  let planned = new Set<string>();
  return {
    plan(steps) {
      planned = new Set(steps);
    },
    async onStep(reached) {
      if (!planned.delete(reached)) return;
      process.send?.({ stoppedAt: reached } satisfies Stopped);
      await new Promise(() => {});
    },
  };
}

/** The process's next message. @throws Error when it ends before */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const done = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', done).then(([message]) => message as unknown),
      once(child, 'exit', done).then(([code, signal]) => {
        throw new Error(`The process ended before it told anything: ${code ?? signal}`);
      }),
    ]);
  } finally {
    done.abort();
  }
}

/** Ends a process by SIGKILL; resolves when it has ended. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
