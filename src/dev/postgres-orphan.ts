// Handles servers that outlive the process that started them: stops one that was left, and watches over one we start.
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, isAlive } from './processes.ts';

/** Stops the server that a killed start left on this data, and removes the lock file of a server that was killed. */
export async function stopOrphan(dataDir: string): Promise<void> {
  const lock = path.join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return rm(lock, { force: true });
  // Another program may have the process id by now.
  const isOurs = async () => isAlive(pid) && (await commandLine(pid)).includes(dataDir);
  for (const [signal, patienceMs] of [
    ['SIGINT', 5_000],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 2_000],
  ] as const) {
    const deadline = Date.now() + patienceMs;
    if (await isOurs()) process.kill(pid, signal);
    while ((await isOurs()) && Date.now() < deadline) await sleep(20);
  }
  if (await isOurs()) throw new Error(`The PostgreSQL of an earlier start (process ${pid}) does not stop`);
  await rm(lock, { force: true });
}

/**
 * A shell that reads from a pipe of ours. When our process dies the pipe closes, and the shell asks the server to stop:
 * first once its clients have disconnected (the app may still be draining), after ten seconds immediately.
 * @param removed files and folders to delete with the server
 */
export function startGuardian(
  server: { pid: number; dataDir: string },
  removed: string[],
): { dismiss(): void } {
  if (process.platform === 'win32') return { dismiss: () => undefined };
  const lock = path.join(server.dataDir, 'postmaster.pid');
  // The lock file is more reliable than the process id: without a reaper, a dead process stays listed.
  const script = `
    read -r word && exit 0
    pid=$1; lock=$2; shift 2
    stops_within() {
      for turn in $(seq "$1"); do
        [ -e "$lock" ] && kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.2
      done
      return 1
    }
    kill -TERM "$pid" 2>/dev/null
    stops_within 50 || { kill -INT "$pid" 2>/dev/null; stops_within 25 || kill -QUIT "$pid" 2>/dev/null; }
    [ $# -eq 0 ] || rm -rf -- "$@"`;
  const guardian = spawn(
    '/bin/sh',
    ['-c', script, 'examdesk-guardian', String(server.pid), lock, ...removed],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    },
  );
  guardian.on('error', () => undefined);
  guardian.stdin.on('error', () => undefined);
  guardian.unref();
  (guardian.stdin as unknown as { unref?(): void }).unref?.();
  return { dismiss: () => guardian.stdin.end('done\n') };
}
