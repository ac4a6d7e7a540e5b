// npm run reset: deletes the demo's data, so that the next start begins empty.
import { existsSync } from 'node:fs';
import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { dataDirectory, isProduction, loadEnvFile, shown } from '../commands/environment.ts';
import { stopOrphan } from './postgres-orphan.ts';
import { findRunning, sweepKilledStart } from './running.ts';
import { complain, say } from '../commands/terminal.ts';

// Everything the demo creates there. Nothing else is deleted, in case DATA_DIR names a wrong folder.
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
    complain('With NODE_ENV=production there is no demo to reset');
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
    // The database is elsewhere when its user cannot enter this folder; its server may still be stopping.
    const real = found.isSymbolicLink() ? await realpath(entry).catch(() => entry) : entry;
    if (name === 'postgres') await stopOrphan(real);
    for (const each of new Set([real, entry])) await rm(each, { recursive: true, force: true });
    if (real !== entry) await rm(`${real}.log`, { force: true });
    removed.push(shown(entry));
  }
  if (existsSync(dataDir) && (await readdir(dataDir)).length === 0) await rm(dataDir, { recursive: true });
  return removed;
}
