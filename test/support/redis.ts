// A real Redis for the tests, where it is installed.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../src/dev/free-port.ts';

export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/**
 * REDIS_URL, or a `redis-server` of the PATH on a free port, or null. A server at REDIS_URL is neither stopped nor
 * emptied: use your own keys.
 * @throws Error when a redis-server exists and does not start
 */
export async function redisForTests(): Promise<TestRedis | null> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: async () => undefined };
  const directory = await mkdtemp(path.join(os.tmpdir(), 'examdesk-redis-'));
  const port = await freePort();
  const config = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // Started by a shell that reads our pipe: if this process is killed, the shell ends Redis. Its exit code means "not
  // found".
  const script =
    'command -v redis-server >/dev/null || exit 127; redis-server --dir "$0" "$@" & read -r word; kill $!; wait $!; rm -rf "$0"';
  const server = spawn('/bin/sh', ['-c', script, directory, ...config], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const gone = new Promise<number | null>((resolve) => {
    server.once('error', () => resolve(127));
    server.once('exit', resolve);
  });
  server.stdin.on('error', () => undefined);
  const said: string[] = [];
  const ready = new Promise<'ready'>((resolve) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      said.push(line);
      if (line.includes('eady to accept connections')) resolve('ready');
    });
  });
  const outcome = await Promise.race([ready, gone]);
  if (outcome !== 'ready') {
    await rm(directory, { recursive: true, force: true });
    if (outcome === 127) return null;
    throw new Error(`redis-server ended with ${outcome}: ${said.slice(-3).join(' ')}`);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      server.stdin.end();
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
