// The app as a child of the supervisor, in its own process group: Ctrl-C reaches only the supervisor, which decides in
// which order to stop.
import { type ChildProcess, spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppLog } from './app-log.ts';
import { StartError, projectRoot } from '../commands/environment.ts';

export interface AppProcess {
  pid: number;
  /** Resolves with the exit once the app has ended and all its output was read. */
  ended: Promise<string>;
  /** Asks the app to finish its work and exit; kills it after `graceMs`. */
  stop(): Promise<void>;
  /** Kills the app and its children. */
  kill(): void;
}

const readyWithinMs = 30_000;
const graceMs = 25_000; // a little longer than the app gives requests in flight

/** The app uses what this process has compiled, and keeps what it compiles itself (commands/start.ts). */
function compiledCode(): { NODE_COMPILE_CACHE?: string } {
  const folder = getCompileCacheDir();
  // Named after the version of Node within the one that was given.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(folder) };
}

/** A variable that was given as a file is in `variables` by now; both together are a mistake. */
function filesOf(variables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(variables).map((name) => [`${name}_FILE`, '']));
}

export function spawnApp(variables: Record<string, string>, log: AppLog): AppProcess {
  const child = spawn(
    process.execPath,
    [
      '--import',
      path.join(import.meta.dirname, 'leave-with-parent.ts'),
      path.join(projectRoot, 'src/main.ts'),
    ],
    {
      cwd: projectRoot,
      env: { ...process.env, ...compiledCode(), ...variables, ...filesOf(variables) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    },
  );
  for (const output of [child.stdout, child.stderr]) if (output) log.follow(output);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  const kill = () => killGroup(child);
  return {
    pid: child.pid ?? 0,
    ended,
    kill,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Resolves once the app is ready. @throws StartError when it ended or took too long */
export async function waitUntilReady(app: AppProcess, url: string, logFile: string): Promise<void> {
  let end: string | undefined;
  void app.ended.then((how) => (end = how));
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if (end !== undefined) throw new StartError(`The app ended (${end}) before it was ready; see ${logFile}`);
    if (Date.now() > deadline) {
      throw new StartError(`The app was not ready within ${readyWithinMs / 1000} s; see ${logFile}`);
    }
    await sleep(30);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
