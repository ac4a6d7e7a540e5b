// Starts what docker-compose.yml starts on real servers of this machine, with secrets that contain special characters.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { SMTPServer } from 'smtp-server';
import { createSmtpMailer } from '../../src/adapters/smtp-mailer.ts';
import { readConfig } from '../../src/config.ts';
import { type Database, openDatabase } from '../../src/db/knex.ts';
import { migrate } from '../../src/db/migrate.ts';
import { missingPrivileges, tryJob } from '../../src/db/privileges.ts';
import { freePort } from '../../src/dev/free-port.ts';
import type { RunningPostgres } from '../../src/dev/postgres.ts';
import { type S3Server, startS3Server } from '../../src/dev/s3/server.ts';
import { type Simulator, startSimulator } from '../../src/simulator/index.ts';
import { specialCharacterEnv } from '../support/special-character-env.ts';
import { environmentOf, readComposeFile } from '../support/compose-file.ts';
import { readImagePlan } from '../support/image.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { processEnv } from '../support/process-env.ts';
import { hasPsql, noPsql, runPsql } from '../support/psql.ts';
import { type TestRedis, redisForTests } from '../support/redis.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('docker-compose.yml, started with secrets of special characters', function () {
  this.timeout(60_000);
  const env = specialCharacterEnv();
  const compose = readComposeFile(env);
  let postgres: RunningPostgres;
  let redis: TestRedis | null;
  let simulator: Simulator;
  let store: S3Server;
  let smtp: SMTPServer;
  let folder: string;
  const running: ChildProcess[] = [];
  const ports = new Map<string, number>();
  const logins: object[] = [];

  /** The container's environment with the hosts of this machine. */
  function here(name: string): Record<string, string> {
    const given = environmentOf(compose.services[name] ?? {}, env);
    const swapped = Object.entries(given).map(([variable, value]) => [
      variable,
      value.replace('@postgres:5432', `@127.0.0.1:${postgres.port}`),
    ]);
    return { ...processEnv, ...(Object.fromEntries(swapped) as Record<string, string>) };
  }

  function appEnvironment(name: string, port: number): Record<string, string> {
    return {
      ...here(name),
      PORT: String(port),
      HEALTH_PORT: String(port),
      REDIS_URL: redis?.url ?? 'redis://127.0.0.1:9',
      S3_ENDPOINT: store.url,
      SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
      ACUITY_BASE_URL: simulator.url,
      CLAMD_URL: '',
      STOP_GRACE_SECONDS: '0',
    };
  }

  const makeRoles = () => {
    const [file] = (compose.services.roles?.configs ?? []).map(({ source }) => compose.configs[source]?.file);
    runPsql(postgres.url, path.join(root, file ?? ''), here('roles'));
  };
  const runMigrate = async () => {
    const [command = '', script = ''] = compose.services.migrate?.command ?? [];
    expect(command).to.equal('node');
    return promisify(execFile)(process.execPath, [script], { cwd: root, env: here('migrate') });
  };

  /** A process that stops by SIGTERM keeps what it has compiled. No other test starts any under the image's options. */
  const endAll = async (signal: NodeJS.Signals) => {
    await Promise.all(
      running.splice(0).map(async (child) => {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }),
    );
  };
  const databaseUrl = () => Object.assign(new URL(postgres.url), { pathname: '/examdesk' }).href;

  before(async function () {
    if (!hasPsql()) {
      process.stderr.write(`\nSkipped: ${noPsql}\n`);
      this.skip();
    }
    postgres = await startTestPostgres();
    redis = await redisForTests();
    folder = await mkdtemp(path.join(os.tmpdir(), 'examdesk-compose-'));
    const { S3_ACCESS_KEY_ID = '', S3_SECRET_ACCESS_KEY = '', S3_BUCKET = '' } = here('web');
    store = await startS3Server({
      directory: folder,
      accessKeyId: S3_ACCESS_KEY_ID,
      secretAccessKey: S3_SECRET_ACCESS_KEY,
      buckets: [S3_BUCKET],
    });
    const { ACUITY_USER_ID = '', ACUITY_API_KEY = '' } = env;
    simulator = await startSimulator({
      port: 0,
      userId: ACUITY_USER_ID,
      apiKey: ACUITY_API_KEY,
      webhookTargets: [],
    });
    smtp = new SMTPServer({
      hideSTARTTLS: true,
      onAuth({ username, password }, _session, done) {
        logins.push({ user: username, password });
        done(null, { user: username });
      },
      onData(stream, _session, done) {
        stream.resume().once('end', () => done());
      },
    });
    await new Promise<void>((resolve) => {
      smtp.listen(0, '127.0.0.1', resolve);
    });
  });

  after(async () => {
    await endAll('SIGKILL');
    await new Promise<void>((resolve) => (smtp ? smtp.close(resolve) : resolve()));
    await simulator?.close();
    await store?.close();
    await redis?.stop();
    await postgres?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('creates the roles and the database, may be repeated, and migrates as the owner', async () => {
    makeRoles();
    makeRoles();
    const { stdout } = await runMigrate();
    expect(stdout).to.contain('Applied to').and.to.contain('The role examdesk_app of the app may use it');
    const { rows } = await asSuperuser(
      `select count(*)::int as n from pg_class where relowner = 'examdesk_owner'::regrole`,
      [],
      databaseUrl(),
    );
    expect((rows as [{ n: number }])[0].n).to.be.above(50);
    const { rows: privileges } = await asSuperuser(
      `select bool_or(rolsuper or rolcreaterole or rolcreatedb or rolbypassrls) as some from pg_roles
         where rolname in ('examdesk_owner', 'examdesk_app')`,
    );
    expect(privileges).to.deep.equal([{ some: false }]);
  });

  it('has healthy processes: database, jobs, store and Acuity accept the secrets of .env', async () => {
    for (const name of ['web', 'worker', 'relay']) ports.set(name, await freePort());
    for (const [name, port] of ports) {
      const [command, ...args] = compose.services[name]?.command ?? readImagePlan().command;
      expect(command).to.equal('node');
      const given = appEnvironment(name, port);
      running.push(
        spawn(process.execPath, args, { cwd: root, env: given, stdio: ['ignore', 'ignore', 'inherit'] }),
      );
    }
    for (const [name, port] of ports) {
      await answers(port);
      const [how, command = '', ...args] = compose.services[name]?.healthcheck?.test ?? [];
      expect([how, command]).to.deep.equal(['CMD', 'node']);
      const asked = args.map((arg) => arg.replace('127.0.0.1:3000', `127.0.0.1:${port}`));
      await promisify(execFile)(process.execPath, asked);
    }
    const answer = await fetch(`http://127.0.0.1:${ports.get('web')}/readyz`);
    const { checks } = (await answer.json()) as { checks: Record<string, string> };
    const all = { database: 'ok', jobs: 'ok', storage: 'ok', acuity: 'ok' };
    expect(checks).to.include(redis ? { ...all, cache: 'ok' } : all);
  });

  it('signs in to the mail server', async () => {
    const { SMTP_URL, MAIL_FROM } = readConfig({
      ...appEnvironment('web', 3000),
      MAIL_FROM: 'Examdesk <b@examdesk.example>',
    });
    const mailer = createSmtpMailer(SMTP_URL, MAIL_FROM);
    await mailer.send({
      to: 'rita@harbour-legal.example',
      subject: 'x',
      text: 'x',
      html: 'x',
      messageId: '<x@y>',
    });
    mailer.close();
    expect(logins).to.deep.equal([{ user: env.SMTP_USER, password: env.SMTP_PASSWORD }]);
  });

  it('makes the owner the owner of the tables when one role had everything before', async () => {
    await endAll('SIGTERM');
    await asSuperuser('drop database examdesk with (force)');
    await asSuperuser('create database examdesk');
    await migrate(databaseUrl());
    makeRoles();
    await runMigrate();
    const left = await asSuperuser(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('public', 'graphile_worker') and relowner <> 'examdesk_owner'::regrole
           and not exists (select from pg_depend where deptype = 'e' and objid = c.oid)`,
      [],
      databaseUrl(),
    );
    expect(left.rows).to.deep.equal([]);
    const app: Database = openDatabase(readConfig(appEnvironment('web', 3000)).DATABASE_URL, 2);
    try {
      expect(await missingPrivileges(app)).to.deep.equal([]);
      await tryJob(app);
    } finally {
      await app.destroy();
    }
  });

  async function asSuperuser(text: string, values: unknown[] = [], url = postgres.url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }
});

async function answers(port: number): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > deadline) throw new Error(`Not ready within 30 s: ${await answer?.text()}`);
  }
}
