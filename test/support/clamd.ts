// A real clamd for the tests, where it is installed, with one signature of our own: that of the EICAR test file.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/dev/free-port.ts';

export interface TestClamd {
  url: string;
  stop(): Promise<void>;
}

/** The harmless string that every scanner detects; built at run time, so that no scanner detects our sources. */
export function eicar(): Buffer {
  const halves = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'];
  return Buffer.from(halves.join(''));
}

export const noClamd =
  'the virus scan is not tested, there is no clamd on this machine (apt-get install clamav-daemon)';

/**
 * Starts clamd on a free port; null when it is not installed.
 * @param streamMaxBytes the scanner's limit
 * @throws Error when it does not start, or is missing where .ci/run requires it
 */
export async function clamdForTests(streamMaxBytes = 50_000_000): Promise<TestClamd | null> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'examdesk-clamd-'));
  const port = await freePort();
  const database = path.join(directory, 'signatures');
  await mkdir(database);
  await writeFile(path.join(database, 'test.ndb'), `Examdesk.Test:0:*:${eicar().toString('hex')}\n`);
  const conf = path.join(directory, 'clamd.conf');
  const settings = [
    `DatabaseDirectory ${database}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    'Foreground yes',
    'AlertExceedsMax yes',
    `StreamMaxLength ${streamMaxBytes}`,
    `TemporaryDirectory ${directory}`,
    'ConcurrentDatabaseReload no',
  ];
  await writeFile(conf, `${settings.join('\n')}\n`);
  await chmod(directory, 0o755);
  // Started by a shell that reads our pipe: if this process is killed, the shell ends clamd. Its exit code means "not
  // found".
  const script =
    'PATH="$PATH:/usr/sbin:/usr/local/sbin"; command -v clamd >/dev/null || exit 127; clamd --config-file="$0" >"$1" 2>&1 & read -r word; kill $!; wait $!; rm -rf "$2"';
  const server = spawn('/bin/sh', ['-c', script, conf, path.join(directory, 'log'), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  server.stdin.on('error', () => undefined);
  const gone = new Promise<number | null>((resolve) => {
    server.once('error', () => resolve(127));
    server.once('exit', resolve);
  });
  const outcome = await Promise.race([listening(port), gone]);
  if (outcome === 127) {
    await rm(directory, { recursive: true, force: true });
    if (process.env.CLAMD_IS_REQUIRED === 'true') throw new Error(`CLAMD_IS_REQUIRED, and ${noClamd}`);
    return null;
  }
  const stop = async () => {
    server.stdin.end();
    await gone;
    await rm(directory, { recursive: true, force: true });
  };
  if (outcome !== 'listening') {
    await stop();
    throw new Error('clamd is there and does not start');
  }
  return { url: `tcp://127.0.0.1:${port}`, stop };
}

async function listening(port: number, withinMs = 20_000): Promise<'listening' | 'never'> {
  const until = Date.now() + withinMs;
  while (Date.now() < until) {
    if (await answers(port)) return 'listening';
    await sleep(50);
  }
  return 'never';
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host: '127.0.0.1', port });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
