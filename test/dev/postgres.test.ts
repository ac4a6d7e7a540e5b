import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { restoreLinks } from '../../src/dev/postgres-binaries.ts';
import { startPostgres } from '../../src/dev/postgres.ts';
import { isAlive } from '../../src/dev/processes.ts';
import { openTestDatabase } from '../support/database.ts';
import { projectRoot } from '../support/stack.ts';

describe('the test database', () => {
  it('gives each caller a migrated database of its own', async () => {
    const [one, two] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    try {
      await one
        .db('organizations')
        .insert({ name: 'Harbour Legal', slug: 'harbour', created_at: new Date() });
      expect(await one.db('organizations').select('slug')).to.deep.equal([{ slug: 'harbour' }]);
      expect(await two.db('organizations').select('slug')).to.deep.equal([]);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});

describe('the demo PostgreSQL', function () {
  this.timeout(60_000);
  let folder: string;
  // One cluster for the tests that start a server on existing data: making one takes longer than starting it.
  let madeFolder: string;
  let madeData: string;
  before(async () => {
    madeFolder = await mkdtemp(path.join(os.tmpdir(), 'examdesk-pg-test-'));
    await chmod(madeFolder, 0o711);
    madeData = path.join(madeFolder, 'postgres');
  });
  after(() => rm(madeFolder, { recursive: true, force: true }));
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'examdesk-pg-test-'));
    await chmod(folder, 0o711);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps its data from one start to the next', async () => {
    const first = await startPostgres({ dataDir: madeData });
    await query(first.url, 'create table kept (word text); insert into kept values ($$still here$$)');
    await first.stop();
    const second = await startPostgres({ dataDir: madeData });
    expect(await query(second.url, 'select word from kept')).to.deep.equal([{ word: 'still here' }]);
    await second.stop();
    expect(isAlive(second.pid)).to.equal(false);
  });

  it('lower-cases letters beyond ASCII, and has the extensions that the schema uses', async () => {
    const server = await startPostgres({ dataDir: path.join(folder, 'postgres'), throwaway: true });
    try {
      expect(await query(server.url, `select lower('ÜNAL É') as low`)).to.deep.equal([{ low: 'ünal é' }]);
      for (const name of ['pg_trgm', 'citext', 'unaccent', 'btree_gist', 'pgcrypto']) {
        await query(server.url, `create extension ${name}`);
      }
    } finally {
      await server.stop();
    }
    expect(existsSync(path.join(folder, 'postgres'))).to.equal(false);
  });

  it('starts below a folder that is closed to others, as root too, and finds the same data the next time', async () => {
    await chmod(folder, 0o700);
    const dataDir = path.join(folder, 'closed', 'postgres');
    const first = await startPostgres({ dataDir });
    await query(first.url, 'create table kept ()');
    await first.stop();
    const second = await startPostgres({ dataDir });
    expect(await query(second.url, 'select * from kept')).to.deep.equal([]);
    await second.stop();
    const real = await realpath(dataDir);
    await Promise.all([rm(real, { recursive: true }), rm(`${real}.log`, { force: true })]);
  });

  it('stops a server that a killed start left running, and uses its data', async () => {
    const starter = startInChild(madeData);
    const orphan = await starter.told;
    const client = new pg.Client({ connectionString: orphan.url });
    client.on('error', () => undefined);
    await client.connect(); // a client keeps the orphan from stopping by itself at once
    await client.query('create table kept_too ()');
    starter.child.kill('SIGKILL');
    const next = await startPostgres({ dataDir: madeData });
    expect(isAlive(orphan.pid)).to.equal(false);
    expect(await query(next.url, 'select * from kept_too')).to.deep.equal([]);
    await client.end().catch(() => undefined);
    await next.stop();
  });

  it('stops when the process that started it is killed', async () => {
    const starter = startInChild(madeData);
    const { pid } = await starter.told;
    starter.child.kill('SIGKILL');
    for (const deadline = Date.now() + 10_000; isAlive(pid) && Date.now() < deadline; ) await sleep(20);
    expect(isAlive(pid)).to.equal(false);
  });

  it('does not stop another program that has the recorded process id', async () => {
    await (await startPostgres({ dataDir: madeData })).stop();
    const stranger = spawn('sleep', ['60']);
    await writeFile(path.join(madeData, 'postmaster.pid'), `${stranger.pid}\n${madeData}\n`);
    const server = await startPostgres({ dataDir: madeData });
    expect(isAlive(stranger.pid as number)).to.equal(true);
    stranger.kill('SIGKILL');
    await server.stop();
  });

  it('starts over when a start was killed while the cluster was made', async () => {
    const dataDir = path.join(folder, 'postgres');
    await mkdir(path.join(dataDir, 'base'), { recursive: true });
    await writeFile(path.join(dataDir, 'PG_VERSION'), '18\n');
    const server = await startPostgres({ dataDir });
    expect(await query(server.url, 'select 1 as one')).to.deep.equal([{ one: 1 }]);
    await server.stop();
  });

  it("returns the server's log when it does not start", async () => {
    const running = await startPostgres({ dataDir: madeData });
    const other = path.join(folder, 'other');
    const failure: unknown = await startPostgres({ dataDir: other, port: running.port }).catch(
      (error: unknown) => error,
    );
    expect(failure).to.be.an('error').with.property('message').that.contains('Address already in use');
    await running.stop();
  });

  it('restores the links that an install without scripts leaves out', async () => {
    await mkdir(path.join(folder, 'native', 'lib'), { recursive: true });
    await writeFile(path.join(folder, 'native', 'lib', 'libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    await writeFile(path.join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    await restoreLinks(path.join(folder, 'native'));
    await restoreLinks(path.join(folder, 'native'));
    const link = path.join(folder, 'native', 'lib', 'libpq.so.5');
    expect(await readlink(link)).to.equal('libpq.so.5.18');
    expect(await readFile(link, 'utf8')).to.equal('library');
  });
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows as unknown[];
  } finally {
    await client.end();
  }
}

/** Starts a process that starts a server, reports it, and waits to be killed. */
function startInChild(dataDir: string): { child: ChildProcess; told: Promise<{ url: string; pid: number }> } {
  const script = `
    const { startPostgres } = await import('${projectRoot}/src/dev/postgres.ts');
    const { url, pid } = await startPostgres({ dataDir: process.argv[1] });
    console.log(JSON.stringify({ url, pid }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told = new Promise<{ url: string; pid: number }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) =>
      resolve(JSON.parse(line) as { url: string; pid: number }),
    );
    child.once('exit', () => reject(new Error('The starter ended before it told')));
  });
  return { child, told };
}
