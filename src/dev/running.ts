// DATA_DIR/running.json: who runs on this data, and where. It is the lock too: made by whoever comes first.
import { mkdir, readFile, rename, rm, stat, chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError, shown } from '../commands/environment.ts';
import { commandLine, isAlive, npmAbove } from './processes.ts';

export interface RunningStack {
  /** The supervisor's. */
  pid: number;
  /** npm's, when npm started it. */
  npmPid?: number;
  appPid?: number;
  /** Of the web app; unset until it is ready. */
  url?: string;
  /** What the supervisor gave the app: commands talk to the same services. */
  variables: Record<string, string>;
  /** Of its database, as the role that owns the tables; unset when DATABASE_URL was given. */
  ownerUrl?: string | undefined;
}

// start.ts, or another command that has the folder to itself for a moment.
const supervisorScript = path.join('src', 'commands', path.sep);
const appScript = path.join('src', 'main.ts');

/** The stack that runs on this folder now, or null. */
export async function findRunning(dataDir: string): Promise<RunningStack | null> {
  const stack = await read(dataDir);
  return stack && (await runs(stack.pid, supervisorScript)) ? stack : null;
}

/** Ends what a start that was killed, or whose npm was, left running on this folder. */
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

/** Takes the folder for this process. @throws StartError when another stack has it */
export async function claim(dataDir: string): Promise<RunningStack> {
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  // As root the database runs as somebody else, who has to pass through; what lies here is closed to others.
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
        : `Another start was quicker on ${where}: try again`,
    );
  }
  return stack;
}

/** Replaces what is told of the stack, whole. */
export async function tell(dataDir: string, stack: RunningStack): Promise<void> {
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
    return null; // none, or one that was killed while writing
  }
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'running.json');
}

// The number of a process that has gone may belong to another by now.
async function runs(pid: number, script: string): Promise<boolean> {
  return isAlive(pid) && (await commandLine(pid)).includes(script);
}

async function end(pid: number, script: string): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!(await runs(pid, script))) return;
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while ((await runs(pid, script)) && Date.now() < deadline) await sleep(20);
  }
}
