// DATA_DIR/running.json: which stack runs on this data, and where. It is also the lock: the first to create it wins.
import { mkdir, readFile, rename, rm, stat, chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError, shown } from '../commands/environment.ts';
import { commandLine, isAlive, npmAbove } from './processes.ts';

export interface RunningStack {
  /** The supervisor's process id. */
  pid: number;
  /** npm's process id, when npm started it. */
  npmPid?: number;
  appPid?: number;
  /** The web app's URL; unset until it is ready. */
  url?: string;
  /** The app's variables, so that commands use the same services. */
  variables: Record<string, string>;
  /** The database's URL for the role that owns the tables; unset when DATABASE_URL was given. */
  ownerUrl?: string | undefined;
}

// start.ts, or another command that uses the folder for a moment.
const supervisorScript = path.join('src', 'commands', path.sep);
const appScript = path.join('src', 'main.ts');

/** The stack that runs on this folder now, or null. */
export async function findRunning(dataDir: string): Promise<RunningStack | null> {
  const stack = await read(dataDir);
  return stack && (await runs(stack.pid, supervisorScript)) ? stack : null;
}

/** Stops what a start that was killed, or whose npm was, left running on this folder. */
export async function sweepKilledStart(dataDir: string): Promise<void> {
  const stack = await read(dataDir);
  if (!stack) return;
  if (await runs(stack.pid, supervisorScript)) {
    if (stack.npmPid === undefined || isAlive(stack.npmPid)) return;
    await end(stack.pid, supervisorScript);
  }
  if (stack.appPid !== undefined) await end(stack.appPid, appScript);
  await rm(fileIn(dataDir), { force: true });
}

/** Locks the folder for this process. @throws StartError when another stack holds it */
export async function claim(dataDir: string): Promise<RunningStack> {
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  // As root the database runs as another user, who must be able to traverse the folder; its files are closed to others.
  if (process.getuid?.() === 0) await chmod(dataDir, (await stat(dataDir)).mode | 0o011);
  const stack: RunningStack = { pid: process.pid, variables: {} };
  const npmPid = await npmAbove();
  if (npmPid !== null) stack.npmPid = npmPid;
  try {
    await writeFile(fileIn(dataDir), JSON.stringify(stack), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = await findRunning(dataDir);
    const where = shown(dataDir);
    throw new StartError(
      other
        ? `Examdesk runs on ${where} already (process ${other.pid}${other.url ? `, ${other.url}` : ''}): stop it first, or set DATA_DIR`
        : `Another start has just taken ${where}: try again`,
    );
  }
  return stack;
}

/** Replaces the whole entry of the stack. */
export async function writeRunning(dataDir: string, stack: RunningStack): Promise<void> {
  const unfinished = `${fileIn(dataDir)}.new`;
  await writeFile(unfinished, JSON.stringify(stack), { mode: 0o600 });
  await rename(unfinished, fileIn(dataDir));
}

export async function release(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

async function read(dataDir: string): Promise<RunningStack | null> {
  try {
    return JSON.parse(await readFile(fileIn(dataDir), 'utf8')) as RunningStack;
  } catch {
    return null; // none, or its writer was killed half-way
  }
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'running.json');
}

// Another program may have the process id by now.
async function runs(pid: number, script: string): Promise<boolean> {
  return isAlive(pid) && (await commandLine(pid)).includes(script);
}

async function end(pid: number, script: string): Promise<void> {
  for (const [signal, graceMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!(await runs(pid, script))) return;
    process.kill(pid, signal);
    const deadline = Date.now() + graceMs;
    while ((await runs(pid, script)) && Date.now() < deadline) await sleep(20);
  }
}
