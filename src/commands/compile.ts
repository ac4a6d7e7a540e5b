// Compiles what production processes load, and keeps it in the folder that NODE_COMPILE_CACHE names: the first processes of
// a version then start as fast, and hold as little memory, as later ones. The Dockerfile runs it, and the units of
// docs/systemd do before each start.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import path from 'node:path';
import { projectRoot } from './environment.ts';
import { complain } from './terminal.ts';

const processes = [
  'src/main.ts',
  'src/worker.ts',
  'src/relay-process.ts',
  'src/commands/start.ts',
  'src/commands/relay.ts',
];

const folder = getCompileCacheDir();
if (folder === undefined) complain('NODE_COMPILE_CACHE names no folder that this user can write to');
else await compileOnce(folder);

/** The files of a version never change: each has a folder of its own, or an image (docs/first-start.md). */
async function compileOnce(kept: string): Promise<void> {
  const version = createHash('sha256').update(projectRoot).digest('hex').slice(0, 16);
  const done = path.join(kept, `compiled-${version}`);
  if (existsSync(done)) return;
  // Without a configuration a process loads everything, says what is missing, and ends.
  const env = { NODE_ENV: 'production', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };
  for (const file of processes)
    spawnSync(process.execPath, [file], { cwd: projectRoot, env, stdio: 'ignore' });
  await compileConsole();
  writeFileSync(done, '');
}

/** In the order of a process, which loads the console at its first request. */
async function compileConsole(): Promise<void> {
  await import('../compose.ts');
  const { limitHeapGrowth } = await import('../app/process.ts');
  limitHeapGrowth();
  const { loadConsole } = await import('../console/index.ts');
  await loadConsole();
}
