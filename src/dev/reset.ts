// npm run reset: the demo's data goes, the next start begins anew.
import { existsSync } from 'node:fs';
import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { dataDirectory, isProduction, loadEnvFile, shown } from '../commands/environment.ts';
import { stopOrphan } from './postgres-orphan.ts';
import { findRunning, sweepKilledStart } from './running.ts';
import { complain, say } from '../commands/terminal.ts';

// What the demo makes there; a folder that was named by mistake keeps everything else.
const ours = [
  'postgres',
  'postgres.log',
  'mailbox',
  's3',
  'acuity.json',
  'auth-secret',
  'app.log',
  'app.log.1',
  'running.json',
  'running.json.new',
];

loadEnvFile();
process.exitCode = await reset();

async function reset(): Promise<number> {
  if (isProduction()) {
    complain('With NODE_ENV=production there is nothing to reset: the demo has no part in it');
    return 1;
  }
  const dataDir = dataDirectory();
  await sweepKilledStart(dataDir);
  const running = await findRunning(dataDir);
  if (running) {
    complain(`Examdesk is running on ${shown(dataDir)} (process ${running.pid}): stop it first`);
    return 1;
  }
  const removed = await removeOurs(dataDir);
  say(removed.length === 0 ? `Nothing to remove in ${shown(dataDir)}` : `Removed ${removed.join(', ')}`);
  return 0;
}

async function removeOurs(dataDir: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of ours) {
    const entry = path.join(dataDir, name);
    const found = await lstat(entry).catch(() => null);
    if (!found) continue;
    // The database lies elsewhere when its user may not enter this folder; a server may still be stopping there.
    const real = found.isSymbolicLink() ? await realpath(entry).catch(() => entry) : entry;
    if (name === 'postgres') await stopOrphan(real);
    for (const each of new Set([real, entry])) await rm(each, { recursive: true, force: true });
    if (real !== entry) await rm(`${real}.log`, { force: true });
    removed.push(shown(entry));
  }
  if (existsSync(dataDir) && (await readdir(dataDir)).length === 0) await rm(dataDir, { recursive: true });
  return removed;
}
