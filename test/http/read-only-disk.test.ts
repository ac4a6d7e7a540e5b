// Production without write access: the web process may read every file and write none but the code that Node compiles
// (Node's permission model, which applies whatever the user), and the console works.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { freePort } from '../../src/dev/free-port.ts';
import { inProduction, startTestApp, type TestApp } from '../support/app.ts';
import { processEnv } from '../support/process-env.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe('a production process on a read-only disk', () => {
  let app: TestApp;
  let child: ChildProcess;
  let url: string;
  let said = '';
  let cookie: string;

  before(async () => {
    app = await startTestApp();
    // Signed in by the process beside it, on the same database, which no longer has accounts of the demo.
    const ada = app.anonymous();
    const signedIn = await ada
      .post('/api/auth/sign-in/email')
      .send({ email: 'ada@examdesk.example', password: 'examdesk-demo' })
      .expect(200);
    cookie = (signedIn.headers['set-cookie'] as unknown as string[])
      .map((line) => line.split(';')[0])
      .join('; ');
    await app
      .db('users')
      .where({ email: 'ada@examdesk.example' })
      .update({ email: 'ada@agency.example', two_factor_enabled: true });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    // Native addons: AdminJS loads rollup, which never runs.
    const permissions = ['--permission', '--allow-fs-read=*', '--allow-addons'];
    // Node itself keeps compiled code there, and reads none where it may not write.
    const compiled = processEnv.NODE_COMPILE_CACHE;
    if (compiled) permissions.push(`--allow-fs-write=${compiled}`);
    child = spawn(process.execPath, [...permissions, 'src/main.ts'], {
      cwd: root,
      env: {
        ...processEnv,
        ...inProduction,
        PORT: String(port),
        BASE_URL: app.url,
        DATABASE_URL: app.database.url,
        SMTP_URL: 'smtp://127.0.0.1:9',
        ACUITY_BASE_URL: 'http://127.0.0.1:9',
        ACUITY_USER_ID: '1',
        RUN_WORKER: 'false',
        RUN_RELAY: 'false',
      },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += String(text)));
    for (const until = Date.now() + 60_000; !said.includes('"ready"'); await sleep(50))
      if (Date.now() > until || child.exitCode !== null) throw new Error(`It did not start: ${said}`);
  });
  after(async () => {
    child.kill('SIGTERM');
    await app.close();
  });

  const get = (address: string, more: Record<string, string> = {}) =>
    fetch(url + address, { headers: { cookie, ...more }, redirect: 'manual' });

  it('shows the console, its scripts and its lists', async () => {
    const page = await get('/admin', { accept: 'text/html' });
    expect(page.status, said).to.equal(200);
    const scripts = [...(await page.text()).matchAll(/src="(\/admin\/frontend\/assets\/[^"]+)"/g)].map(
      ([, src]) => src ?? '',
    );
    expect(scripts).to.have.length(4);
    for (const script of scripts) {
      const answer = await get(script);
      expect(answer.status, script).to.equal(200);
      expect(answer.headers.get('content-type')).to.contain('javascript');
      expect((await answer.text()).length).to.be.greaterThan(1_000);
    }
    for (const address of ['/admin/api/dashboard', '/admin/api/resources/bookings/actions/list'])
      expect((await get(address)).status, address).to.equal(200);
  });

  it('logs no refused write, and runs on, once it has shown them', () => {
    expect(said).not.to.match(/ERR_ACCESS_DENIED|EACCES|EROFS/);
    expect(child.exitCode).to.equal(null);
  });
});
