// How long a start takes, what a web process holds in memory, and how large a production installation is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../src/dev/free-port.ts';
import { atMost, type BenchOptions, type BenchResult } from './result.ts';
import { median, timed } from './support/timed.ts';
import { compileInto, startWebProcess, type Ask } from './support/web-process.ts';

const root = path.resolve(import.meta.dirname, '..');
const megabyte = 1024 * 1024;
const mostSeconds = { embedded: 5, outside: 1.5 };
const mostResident = 200;
const mostInstalled = 250;
const requests = 1_000;

/** A process from its start until `/readyz` says 200, with its services running already. */
export async function outside({ isShort }: BenchOptions): Promise<BenchResult> {
  const web = await startWebProcess();
  try {
    const times: number[] = [];
    for (let round = 0; round < (isShort ? 3 : 7); round += 1) times.push(await web.timeStart());
    return seconds('ready with outside services', median(times), mostSeconds.outside);
  } finally {
    await web.close();
  }
}

/** `npm start` with every stand-in, in a folder where it has been started before. */
export async function embedded(): Promise<BenchResult> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'examdesk-start-'));
  try {
    await startEmbedded(folder);
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) times.push(await startEmbedded(folder));
    return seconds('ready with embedded services', median(times), mostSeconds.embedded);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startEmbedded(folder: string): Promise<number> {
  const [port, acuity, mailbox, health] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const child = spawn(process.execPath, ['src/commands/start.ts'], {
    cwd: root,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATA_DIR: folder,
      PORT: String(port),
      ACUITY_SIM_PORT: String(acuity),
      MAILBOX_PORT: String(mailbox),
      HEALTH_PORT: String(health),
    },
  });
  const ended = once(child, 'exit');
  try {
    return await timed(() => readyAt(`http://127.0.0.1:${port}`));
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

async function readyAt(url: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
    const isReady = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    if (Date.now() > deadline) throw new Error('Not ready within a minute');
  }
}

function seconds(name: string, ms: number, most: number): BenchResult {
  const measured = { name: `${name}, over the goal`, ratio: ms / 1_000 / most };
  return atMost(1, { ...measured, detail: `${(ms / 1_000).toFixed(2)} s` }, `${most} s`);
}

/** The first web process of a version, after a thousand requests of people and programs, none of the console. */
export async function resident(): Promise<BenchResult> {
  const compiled = await mkdtemp(path.join(os.tmpdir(), 'examdesk-compiled-'));
  compileInto(compiled);
  const web = await startWebProcess({ compiled });
  try {
    const asks: Ask[] = Object.entries(web.asks).flatMap(([kind, some]) => (kind === 'console' ? [] : some));
    await web.send(asks, requests, 10);
    const { rss } = await web.memory();
    const held = rss / megabyte;
    return atMost(
      1,
      {
        name: `web process after ${requests} requests without the console: resident memory, over the goal`,
        ratio: held / mostResident,
        detail: `${Math.round(held)} MB`,
      },
      `${mostResident} MB`,
    );
  } finally {
    await web.close();
    await rm(compiled, { recursive: true, force: true });
  }
}

/** What an installation as docs/first-start.md says puts on the disk. */
export async function installed(): Promise<BenchResult> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'examdesk-install-'));
  try {
    for (const file of ['package.json', 'package-lock.json'])
      await cp(path.join(root, file), path.join(folder, file));
    await run('npm', ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'], folder);
    const held = Number((await run('du', ['-sm', 'node_modules'], folder)).split('\t')[0]);
    return atMost(
      1,
      {
        name: 'production installation (npm ci --omit=dev), over the goal',
        ratio: held / mostInstalled,
        detail: `${held} MB on the disk`,
      },
      `${mostInstalled} MB`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(command: string, args: string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => said.push(piece));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return Buffer.concat(said).toString();
}
