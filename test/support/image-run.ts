// The image's content in a folder, and processes there whose environment holds only what an operator set.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/dev/free-port.ts';
import { commandsOf, layOutImage, readImagePlan, type ImagePlan } from './image.ts';
import { projectRoot } from './stack.ts';

export interface Ran {
  code: number | null;
  /** Both streams. */
  said: string;
}

export interface ImageProcess {
  port: number;
  said(): string;
  /** Stops it as a deployment does. @returns its exit */
  stop(): Promise<number | null>;
}

export interface ImageRun {
  plan: ImagePlan;
  /** The commands of package.json, by name. */
  commands: Map<string, string>;
  /** Those that were started, by file. */
  started: Set<string>;
  /** Runs `npm run NAME` to its end. */
  command(name: string, args?: string[], env?: Record<string, string>): Promise<Ran>;
  /** Starts `node FILE`, and waits until it answers on its port, or prints that it is ready if it has none. */
  start(file: string, env?: Record<string, string>): Promise<ImageProcess>;
  /** The output of all processes so far. */
  said(): string;
  close(): Promise<void>;
}

/** What processes of earlier runs have compiled: half of what one costs that starts without. */
const compiledBefore = path.join(projectRoot, 'node_modules/.cache/compiled-image');

export async function openImageRun(env: Record<string, string>): Promise<ImageRun> {
  const plan = readImagePlan();
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'examdesk-image-'));
  const folder = path.join(scratch, 'app');
  const compiled = path.join(scratch, 'compiled');
  layOutImage(folder, plan);
  if (existsSync(compiledBefore)) cpSync(compiledBefore, compiled, { recursive: true });
  const beganAt = Date.now();
  const commands = commandsOf(plan);
  const started = new Set<string>();
  const running = new Set<ChildProcess>();
  const outputs: (() => string)[] = [];

  function launch(file: string, args: string[], more: Record<string, string>) {
    started.add(file);
    const child = spawn(process.execPath, [file, ...args], {
      cwd: folder,
      // The image's folder of compiled code is that of its user. Portable: the next run has another folder.
      env: { ...plan.env, NODE_COMPILE_CACHE: compiled, NODE_COMPILE_CACHE_PORTABLE: '1', ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const said = () => text;
    outputs.push(said);
    running.add(child);
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return code as number | null;
    });
    return { child, said, ended };
  }

  return {
    plan,
    commands,
    started,
    said: () => outputs.map((said) => said()).join('\n'),
    async command(name, args = [], more = {}) {
      const file = commands.get(name);
      if (!file) throw new Error(`The image has no npm run ${name}`);
      const { child, said, ended } = launch(file, args, more);
      const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
      const code = await ended;
      clearTimeout(timer);
      return { code, said: said() };
    },
    async start(file, more = {}) {
      const port = await freePort();
      const { child, said, ended } = launch(file, [], { PORT: String(port), ...more });
      const deadline = Date.now() + 60_000;
      while (!said().includes('"ready"')) {
        if (child.exitCode !== null || Date.now() > deadline)
          throw new Error(`node ${file} was not ready: ${said()}`);
        await sleep(30);
      }
      return {
        port,
        said,
        async stop() {
          child.kill('SIGTERM');
          return ended;
        },
      };
    },
    async close() {
      await Promise.all(
        [...running].map(async (child) => {
          const closed = once(child, 'close');
          child.kill('SIGKILL');
          await closed;
        }),
      );
      keepCompiled(compiled, beganAt);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Keeps what was compiled since. Replaces file by file: another run may be reading them. */
function keepCompiled(compiled: string, since: number): void {
  if (!existsSync(compiled)) return;
  for (const entry of readdirSync(compiled, { recursive: true, withFileTypes: true })) {
    const from = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || statSync(from).mtimeMs < since) continue;
    const to = path.join(compiledBefore, path.relative(compiled, from));
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(from, `${to}.${process.pid}`);
    renameSync(`${to}.${process.pid}`, to);
  }
}
