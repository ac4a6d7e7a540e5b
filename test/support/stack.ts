// All of `npm start` for a test, in its own folder and on its own ports, by the command that people use.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../src/dev/free-port.ts';
import type { RunningStack } from '../../src/dev/running.ts';

export const projectRoot = path.resolve(import.meta.dirname, '../..');

/** Set to empty, so that neither the caller's environment nor a .env file changes the stack. */
export const unset = Object.fromEntries(
  [
    'BASE_URL',
    'DATABASE_URL',
    'MIGRATION_DATABASE_URL',
    'REDIS_URL',
    'BETTER_AUTH_SECRET',
    'SMTP_URL',
    'ACUITY_BASE_URL',
    'ACUITY_USER_ID',
    'ACUITY_API_KEY',
    'METRICS_TOKEN',
    'HOST',
    'TRUST_PROXY',
    'S3_BUCKET',
    'S3_REGION',
    'S3_ENDPOINT',
    'S3_BROWSER_ENDPOINT',
    'S3_ACCESS_KEY_ID',
    'S3_SECRET_ACCESS_KEY',
    'S3_FORCE_PATH_STYLE',
    'CLAMD_URL',
    'LOG_LEVEL',
    'npm_lifecycle_event',
  ].map((name) => [name, '']),
);

export interface StackRun {
  child: ChildProcess;
  /** Its output so far, both streams. */
  output(): string;
  /** Resolves when the process has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface StackPlace {
  dataDir: string;
  variables: Record<string, string>;
  url: string;
  mailboxUrl: string;
  simulatorUrl: string;
  /** Stops what still runs there, and removes the folder. */
  remove(): Promise<void>;
}

/** A folder and free ports; starts nothing. */
export async function stackPlace(): Promise<StackPlace> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'examdesk-stack-'));
  const [port, simulator, mailbox] = [await freePort(), await freePort(), await freePort()];
  const variables = {
    ...unset,
    NODE_ENV: 'development',
    DATA_DIR: dataDir,
    PORT: String(port),
    ACUITY_SIM_PORT: String(simulator),
    MAILBOX_PORT: String(mailbox),
  };
  return {
    dataDir,
    variables,
    url: `http://localhost:${port}`,
    mailboxUrl: `http://127.0.0.1:${mailbox}`,
    simulatorUrl: `http://127.0.0.1:${simulator}`,
    remove: async () => {
      const hasData = (await readdir(dataDir).catch(() => [])).length > 0;
      if (hasData) await runCommand('src/dev/reset.ts', variables).ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs one of the commands as npm would. */
export function runCommand(script: string, variables: Record<string, string>, args: string[] = []): StackRun {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<Awaited<StackRun['ended']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, output: () => said, ended };
}

/** Runs npm start until it prints that it is ready. @throws Error with its output when it ends before */
export async function startStack(place: StackPlace, withinMs = 60_000): Promise<StackRun> {
  const run = runCommand('src/commands/start.ts', place.variables);
  const ready = new Promise<'ready'>((resolve) => {
    run.child.stdout?.on('data', () => {
      if (run.output().includes('Ctrl-C stops everything')) resolve('ready');
    });
  });
  const timer = setTimeout(() => run.child.kill('SIGKILL'), withinMs);
  const first = await Promise.race([ready, run.ended]);
  clearTimeout(timer);
  if (first !== 'ready') throw new Error(`npm start did not come up:\n${run.output()}`);
  return run;
}

/** What the running stack reports about itself. */
export async function readRunning(place: StackPlace): Promise<RunningStack | null> {
  const file = path.join(place.dataDir, 'running.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as RunningStack) : null;
}
