import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { demoPassword } from '../../seeds/demo.ts';
import { startPostgres } from '../../src/dev/postgres.ts';
import { isAlive } from '../../src/dev/processes.ts';
import {
  type StackPlace,
  type StackRun,
  readRunning,
  runCommand,
  stackPlace,
  startStack,
} from '../support/stack.ts';
import { until } from '../support/until.ts';

describe('npm start', function () {
  this.timeout(90_000);
  let place: StackPlace;
  const runs: StackRun[] = [];

  before(async () => {
    place = await stackPlace();
  });
  after(async () => {
    for (const run of runs) if (run.child.exitCode === null) run.child.kill('SIGKILL');
    await Promise.all(runs.map(({ ended }) => ended));
    await place.remove();
  });

  const start = async (variables: Record<string, string> = {}) => {
    const run = await startStack({ ...place, variables: { ...place.variables, ...variables } });
    runs.push(run);
    return run;
  };
  const command = async (script: string, variables: Record<string, string> = {}, args: string[] = []) => {
    const run = runCommand(script, { ...place.variables, ...variables }, args);
    runs.push(run);
    return { ...(await run.ended), said: run.output().trim() };
  };

  it('starts everything from nothing, and prints addresses and demo accounts', async () => {
    const keyFile = path.join(place.dataDir, 'own-key');
    await writeFile(keyFile, 'own-key\n', { mode: 0o600 });
    const run = await start({ ACUITY_USER_ID: '222', ACUITY_API_KEY_FILE: keyFile });
    await rm(keyFile);
    for (const address of [place.url, place.mailboxUrl, place.simulatorUrl])
      expect(run.output()).to.contain(address);
    expect(run.output()).to.contain('rita@harbour-legal.example').and.to.contain(demoPassword);
    const pages = await Promise.all(
      [`${place.url}/readyz`, place.mailboxUrl, place.simulatorUrl].map(
        async (url) => (await fetch(url)).status,
      ),
    );
    expect(pages).to.deep.equal([200, 200, 200]);
    const signIn = await fetch(`${place.url}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: place.url },
      body: JSON.stringify({ email: 'rita@harbour-legal.example', password: demoPassword }),
    });
    expect(signIn.status).to.equal(200);
  });

  it('lets the app sign in to the database as a role that owns nothing', async () => {
    const { variables, ownerUrl } = (await readRunning(place)) ?? {};
    expect(Object.values(variables ?? {})).not.to.include(ownerUrl);
    const owned = await inDatabase(
      variables?.DATABASE_URL,
      `select current_user as user, rolsuper as super,
         (select count(*)::int from pg_class where pg_has_role(relowner, 'USAGE')) as owned
       from pg_roles where rolname = current_user`,
    );
    expect(owned).to.deep.equal([{ user: 'examdesk_app', super: false, owned: 0 }]);
  });

  it('makes its folder readable by its owner only', async () => {
    for (const name of await readdir(place.dataDir)) {
      const { mode } = await stat(path.join(place.dataDir, name));
      expect((mode & 0o077).toString(8), name).to.equal('0');
    }
    const log = await readFile(path.join(place.dataDir, 'app.log'), 'utf8');
    expect(log).to.contain('"msg":"ready"');
  });

  it('prints one clear line when a port is taken, and leaves nothing running', async () => {
    const second = await command('src/commands/start.ts');
    expect(second.code).to.equal(1);
    expect(second.said).to.match(new RegExp(`^Port ${place.variables.PORT} is taken\\b.*\\bPORT\\b.*$`));
    expect((await fetch(`${place.url}/readyz`)).status).to.equal(200);
  });

  for (const variable of ['ACUITY_SIM_PORT', 'MAILBOX_PORT']) {
    it(`names ${variable} when that port is taken`, async () => {
      const elsewhere = await stackPlace();
      const otherServer = createServer();
      const port = Number(elsewhere.variables[variable]);
      await new Promise<void>((resolve) => otherServer.listen(port, '127.0.0.1', resolve));
      try {
        const refused = await command('src/commands/start.ts', elsewhere.variables);
        expect(refused).to.include({ code: 1 });
        expect(refused.said).to.match(new RegExp(`^Port ${port} is taken\\b.*\\b${variable}\\b.*$`));
        expect(await readdir(elsewhere.dataDir)).to.deep.equal([]);
      } finally {
        otherServer.close();
        await elsewhere.remove();
      }
    });
  }

  it('refuses a second stack on the same folder, whatever its ports', async () => {
    const other = await command('src/commands/start.ts', {
      PORT: '0',
      ACUITY_SIM_PORT: '0',
      MAILBOX_PORT: '0',
    });
    expect(other.code).to.equal(1);
    expect(other.said).to.contain('runs on').and.to.contain('already').and.not.to.contain('\n');
  });

  it('lets commands find the running stack, and stops them from removing its data', async () => {
    expect((await command('src/commands/migrate.ts')).said)
      .to.contain('running')
      .and.to.contain('up to date');
    const refused = await command('src/dev/reset.ts');
    expect(refused.code).to.equal(1);
    expect(refused.said).to.contain('stop it first');
    expect((await fetch(`${place.url}/readyz`)).status).to.equal(200);
  });

  it('gives commands without variables the Acuity credentials that the running stack was started with', async () => {
    const reconciled = await command('src/commands/reconcile.ts');
    expect(reconciled.said).to.contain('compared');
    expect(reconciled.code).to.equal(0);
  });

  it('starts again at once after it was killed, with the data it had', async () => {
    const before = await readRunning(place);
    await inDatabase(
      before?.variables.DATABASE_URL,
      `update organizations set name = 'Kept' where slug = 'harbour-legal'`,
    );
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await start();
    const after = await readRunning(place);
    expect(
      await inDatabase(
        after?.variables.DATABASE_URL,
        `select name from organizations where slug = 'harbour-legal'`,
      ),
    ).to.deep.equal([{ name: 'Kept' }]);
    expect(isAlive(before?.appPid ?? 0)).to.equal(false);
  });

  it('stops the app when only the supervisor is killed', async () => {
    const { pid, appPid } = (await readRunning(place)) ?? {};
    process.kill(pid ?? 0, 'SIGKILL');
    await until(() => !isAlive(appPid ?? 0));
    await start();
  });

  it('stops everything on Ctrl-C, though npm passes the signal on a second time', async () => {
    const run = runs.at(-1) as StackRun;
    const { appPid = 0, variables } = (await readRunning(place)) ?? {};
    run.child.kill('SIGINT');
    await sleep(50);
    run.child.kill('SIGINT');
    expect(await run.ended).to.deep.equal({ code: 0, signal: null });
    expect(run.output()).to.contain('Examdesk has stopped');
    expect(isAlive(appPid)).to.equal(false);
    expect(await readRunning(place)).to.equal(null);
    const refused: unknown = await inDatabase(variables?.DATABASE_URL, 'select 1').catch(
      (error: unknown) => error,
    );
    expect(refused).to.have.property('code', 'ECONNREFUSED');
    const log = await readFile(path.join(place.dataDir, 'app.log'), 'utf8');
    expect(log.trim().split('\n').at(-1), 'the app finished in its own time').to.contain('"msg":"stopped"');
  });

  it('starts empty after npm run reset, which prints what it removed', async () => {
    const reset = await command('src/dev/reset.ts');
    expect(reset.code).to.equal(0);
    expect(reset.said).to.match(/^Removed .*postgres/);
    expect(await readdir(place.dataDir).catch(() => [])).to.deep.equal([]);
    expect((await command('src/dev/reset.ts')).said).to.match(/^Nothing to remove/);
  });

  it('lets npm run migrate start the database itself', async () => {
    expect((await command('src/commands/migrate.ts')).said).to.match(/^Applied to .*\n\s+\d{14}_audit\.ts/);
    const again = await command('src/commands/migrate.ts');
    expect(again).to.include({ code: 0 });
    expect(again.said).to.contain('up to date').and.not.to.contain('running');
  });

  it("makes the app's role in data of a version that had one role", async () => {
    const postgres = await startPostgres({ dataDir: path.join(place.dataDir, 'postgres') });
    await inDatabase(postgres.url, 'drop owned by examdesk_app');
    await inDatabase(postgres.url, 'drop role examdesk_app');
    await postgres.stop();
    const migrated = await command('src/commands/migrate.ts');
    expect(migrated.said)
      .to.contain('up to date')
      .and.to.contain('The role examdesk_app of the app may use it');
    const invited = await command('src/commands/create-admin.ts', {}, ['--email', 'g@agency.example']);
    expect(invited).to.include({ code: 0 });
  });

  it('prints one line for each variable that is wrong, and starts nothing', async () => {
    const elsewhere = await stackPlace();
    try {
      const wrong = {
        PORT: 'abc',
        MAILBOX_PORT: '70000',
        LOG_LEVEL: 'loud',
        BASE_URL: 'here',
        CLAMD_URL: 'x',
      };
      const refused = await command('src/commands/start.ts', { ...elsewhere.variables, ...wrong });
      expect(refused.code).to.equal(1);
      const [head, ...lines] = refused.said.split('\n');
      expect(head).to.equal('The configuration is not complete:');
      expect(lines.map((line) => line.trim().split(':')[0])).to.have.members(Object.keys(wrong));
      expect(await readdir(elsewhere.dataDir)).to.deep.equal([]);
      const alone = await command('src/dev/acuity.ts', { ...elsewhere.variables, ACUITY_SIM_PORT: 'abc' });
      expect(alone).to.deep.include({
        code: 1,
        said: 'The configuration is not complete:\n  ACUITY_SIM_PORT: needs a port number from 0 to 65535',
      });
    } finally {
      await elsewhere.remove();
    }
  });

  it('starts no stand-in in production, and prints a line for each missing variable', async () => {
    const refused = await command('src/commands/start.ts', { NODE_ENV: 'production' });
    expect(refused.code).to.equal(1);
    for (const name of [
      'DATABASE_URL',
      'REDIS_URL',
      'BASE_URL',
      'BETTER_AUTH_SECRET',
      'SMTP_URL',
      'ACUITY_API_KEY',
    ]) {
      expect(refused.said).to.match(new RegExp(`^ *${name}: is missing$`, 'm'));
    }
    expect(refused.said).not.to.contain('at ');
  });
});

async function inDatabase(url: string | undefined, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows as unknown[];
  } finally {
    await client.end();
  }
}
