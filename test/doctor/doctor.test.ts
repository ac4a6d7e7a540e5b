// Each check against the real thing: once well set up, once broken.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { parseKeyring, type Keyring } from '../../src/lib/keyring.ts';
import { startTestApp } from '../support/app.ts';
import { noClamd } from '../support/clamd.ts';
import {
  completeSetUp,
  linesOf,
  openClosedMailServer,
  openDoctorStack,
  openForwarder,
  said,
  type DoctorStack,
} from '../support/doctor-stack.ts';
import { openTestStorage } from '../support/object-storage.ts';

const closedAddress = '127.0.0.1:9';
const inMs = (ms: number) => new Date(Date.now() + ms);

describe('the doctor', function () {
  this.timeout(60_000);
  let stack: DoctorStack;
  before(async () => {
    stack = await openDoctorStack();
    await completeSetUp(stack);
  });
  after(() => stack.close());
  const withScanner = () => ({ CLAMD_URL: stack.clamd?.url ?? '' });

  describe('when all is set up', () => {
    it('finds nothing wrong, signed in as a role that owns nothing', async () => {
      const report = await stack.run(withScanner());
      const problems = report.checks.flatMap(({ id, lines }) =>
        lines.filter(({ state }) => state !== 'ok').map(({ says }) => `${id}: ${says}`),
      );
      expect(
        problems.filter((one) => !/^(acuity_emails|clamd|redis: Redis answers in)/.test(one)),
      ).to.deep.equal([]);
      expect(report.state).to.equal('warning');
    });

    it('leaves no object, no event, no mail and no row behind', async () => {
      const counts = async () => {
        const { rows } = await stack.owner.raw<{ rows: object[] }>(
          `select (select count(*)::int from webhook_events) as events, (select count(*)::int from audit_log) as audit,
                  (select count(*)::int from emails) as emails, (select count(*)::int from graphile_worker.jobs) as jobs`,
        );
        return rows[0];
      };
      const before = await counts();
      await stack.run();
      expect(await counts()).to.deep.equal(before);
      expect(await stack.storage.keys()).to.deep.equal([]);
      expect(await stack.storage.openUploads()).to.deep.equal([]);
    });

    it('prints only lines that docs/operations.md explains', async () => {
      const docs = readFileSync(path.resolve(import.meta.dirname, '../../docs/operations.md'), 'utf8');
      const rows = [...docs.matchAll(/^\| `([a-z_]+)` \| ([^|]+) \| [^|]+ \|$/gm)];
      const { checks } = await stack.run();
      expect(rows.map(([, id, title]) => ({ id, title }))).to.deep.include.members(
        checks.map(({ id, title }) => ({ id, title })),
      );
    });

    it('shows no secret', async () => {
      const { config } = stack.app.system.services;
      const text = JSON.stringify(await stack.run());
      for (const secret of [
        ...config.BETTER_AUTH_SECRET,
        ...config.ACUITY_API_KEY,
        'of-the-tests',
        'a-secret-of-the-tests',
      ])
        expect(text).not.to.contain(secret);
    });

    it('gives the same report to whoever asks while it runs or just after', async () => {
      const { doctor } = stack.app.system.services;
      const [first, second] = await Promise.all([doctor.run(), doctor.run()]);
      expect(second).to.equal(first);
      expect(await doctor.run()).to.equal(first);
    });
  });

  describe('about the database', () => {
    it('is wrong when it cannot be reached, and checks the rest', async () => {
      const report = await stack.run({ DATABASE_URL: `postgres://app:hunter2@${closedAddress}/examdesk` });
      expect(said(report, 'database')).to.deep.equal(['wrong: The database cannot be reached: ECONNREFUSED']);
      expect(said(report, 'migrations')).to.deep.equal([
        'warning: Not checked: see the line about the database',
      ]);
      expect(said(report, 'smtp')[0]).to.match(/^ok/);
      expect(JSON.stringify(report)).not.to.contain('hunter2');
    });

    it('is wrong when the database refuses the role', async () => {
      const address = new URL(stack.app.system.services.config.DATABASE_URL);
      address.username = 'nobody_of_this_name';
      const report = await stack.run({ DATABASE_URL: address.href });
      expect(said(report, 'database')[0]).to.match(
        /^wrong: The database refuses the (password: 28P01|role of DATABASE_URL: 28000)$/,
      );
      expect(said(report, 'migrations')).to.deep.equal([
        'warning: Not checked: see the line about the database',
      ]);
    });

    it('is wrong when the role lacks a privilege', async () => {
      const role = new URL(stack.app.system.services.config.DATABASE_URL).username;
      await stack.owner.raw(`revoke update on bookings from ${role}`);
      const [line] = linesOf(await stack.run(), 'database_role');
      await stack.owner.raw(`grant update on bookings to ${role}`);
      expect(line?.says).to.equal(`The role ${role} lacks privileges: update on bookings`);
      expect(line?.mend?.command).to.equal('npm run migrate');
    });

    it('warns in production when the role could change the audit log', async () => {
      const report = await stack.run({ DATABASE_URL: stack.app.database.ownerUrl }, { isProduction: true });
      expect(said(report, 'database_role')[1]).to.match(
        /^warning: The role \w+ could also change the audit log$/,
      );
      const two = await stack.run({}, { isProduction: true });
      expect(said(two, 'database_role')).to.have.length(1);
    });

    it('is wrong when an extension is missing', async () => {
      await stack.owner.raw('update pg_extension set extname = $$gone$$ where extname = $$pg_trgm$$');
      const report = await stack.run();
      await stack.owner.raw('update pg_extension set extname = $$pg_trgm$$ where extname = $$gone$$');
      expect(said(report, 'extensions')).to.deep.equal(['wrong: The extension pg_trgm is missing']);
    });

    it('is wrong when a migration is not applied, and warns of one that it does not know', async () => {
      const last = (await stack.owner('knex_migrations').orderBy('id', 'desc').first('id', 'name')) as {
        id: number;
        name: string;
      };
      await stack
        .owner('knex_migrations')
        .where({ id: last.id })
        .update({ name: '99990101000000_of_the_future.ts' });
      const report = await stack.run();
      await stack.owner('knex_migrations').where({ id: last.id }).update({ name: last.name });
      expect(said(report, 'migrations')).to.deep.equal([
        `wrong: 1 migration is not applied, the first is ${last.name}`,
        'warning: The database is newer than this program: 1 unknown migration',
      ]);
    });

    it('is wrong when the queue takes no job from this role', async () => {
      const role = new URL(stack.app.system.services.config.DATABASE_URL).username;
      await stack.owner.raw(`revoke usage on schema graphile_worker from ${role}`);
      const report = await stack.run();
      await stack.owner.raw(`grant usage on schema graphile_worker to ${role}`);
      expect(said(report, 'job_queue')).to.deep.equal(['wrong: A job cannot be added: 42501']);
    });
  });

  describe('about workers', () => {
    it('is wrong when no worker has written a sign of life recently', async () => {
      await stack
        .owner('workers')
        .where({ kind: 'jobs' })
        .update({ seen_at: inMs(-60_000) });
      const report = await stack.run();
      await stack.owner('workers').update({ seen_at: inMs(600_000) });
      expect(said(report, 'workers')).to.deep.equal([
        'wrong: No process works jobs',
        'ok: One process delivers Acuity’s events',
      ]);
    });
  });

  describe('about Redis', () => {
    it('is wrong when it cannot be reached', async () => {
      const report = await stack.run({ REDIS_URL: `redis://${closedAddress}` });
      expect(said(report, 'redis')[0]).to.equal('wrong: Redis failed: ECONNREFUSED');
    });

    it('is ok, and says so, when none is set', async () => {
      expect(said(await stack.run({ REDIS_URL: '' }), 'redis')[0]).to.match(/^ok: REDIS_URL is unset/);
    });
  });

  describe('about the bucket', () => {
    it('is wrong when the store refuses the key', async () => {
      const report = await stack.run({ S3_SECRET_ACCESS_KEY: 'another-secret' });
      expect(said(report, 'bucket')).to.deep.equal([
        'wrong: An object cannot be written: SignatureDoesNotMatch',
      ]);
      expect(said(report, 'bucket_cors')).to.deep.equal(['warning: The CORS rule could not be checked']);
    });

    it('warns when lifecycle and CORS rules are missing', async () => {
      const bare = await openTestStorage({ cors: [] });
      const report = await stack.run(bare.env);
      await bare.close();
      expect(said(report, 'bucket')[0]).to.match(/^ok/);
      expect(said(report, 'bucket_lifecycle')).to.have.length(3);
      expect(said(report, 'bucket_cors')).to.deep.equal([
        `warning: The bucket does not let pages of ${stack.app.url} send to it`,
      ]);
    });

    it('needs no CORS rule when all files come through the app', async () => {
      const report = await stack.run({ S3_BROWSER_ENDPOINT: 'none' });
      expect(said(report, 'bucket_cors')).to.deep.equal(['ok: Not needed: all files come through the app']);
    });

    it('warns when the lifecycle rules may not be read', async () => {
      stack.storage.server.injectFault = ({ query }) =>
        query.has('lifecycle') ? { status: 403, code: 'AccessDenied' } : undefined;
      const report = await stack.run();
      stack.storage.server.injectFault = null;
      expect(said(report, 'bucket_lifecycle')).to.deep.equal([
        'warning: The lifecycle rules cannot be read: AccessDenied',
      ]);
    });
  });

  describe('about mail', () => {
    it('is wrong when the server refuses the login', async () => {
      const closed = await openClosedMailServer();
      const report = await stack.run({ SMTP_URL: closed.url });
      await closed.close();
      expect(said(report, 'smtp')).to.deep.equal(['wrong: The mail server refuses our login: EAUTH 535']);
      expect(JSON.stringify(report)).not.to.contain('not-the-password');
    });

    it('is wrong when the server cannot be reached', async () => {
      const report = await stack.run({ SMTP_URL: `smtp://${closedAddress}` });
      expect(said(report, 'smtp')[0]).to.match(/^wrong: The mail server cannot be reached/);
    });
  });

  describe('about Acuity', () => {
    afterEach(() => stack.control('/faults', { rules: [] }));

    it('is wrong when it refuses the key', async () => {
      const report = await stack.run({ ACUITY_API_KEY: 'another-key' });
      expect(said(report, 'acuity')).to.deep.equal(['wrong: Acuity refuses our key (401)']);
    });

    it('is wrong when it does not answer, and says what else could not be read', async () => {
      const report = await stack.run({ ACUITY_BASE_URL: `http://${closedAddress}` });
      expect(said(report, 'acuity')[0]).to.match(/^wrong: Acuity does not answer/);
      expect(said(report, 'appointment_types')[0]).to.match(/^warning/);
      expect(said(report, 'webhook')[0]).to.match(/^warning/);
    });

    it('is wrong when the account may not use the API', async () => {
      await stack.control('/faults', { rules: [{ path: '/me', effect: { status: 403 } }] });
      expect(said(await stack.run(), 'acuity')[0]).to.match(/\(403\)$/);
    });

    it('is wrong when a type of a specialist is not there', async () => {
      const service = (await stack
        .owner('specialist_services')
        .first('specialist_id', 'acuity_appointment_type_id')) as {
        specialist_id: string;
        acuity_appointment_type_id: number;
      };
      const change = (id: number) =>
        stack.owner('specialist_services').where(service).update({ acuity_appointment_type_id: id });
      await change(9999);
      const report = await stack.run();
      await stack
        .owner('specialist_services')
        .where({ ...service, acuity_appointment_type_id: 9999 })
        .update(service);
      expect(said(report, 'appointment_types').join()).to.match(/Acuity has no active appointment type 9999/);
    });

    it('warns when the reference’s question is on no form, and is wrong about a required internal one', async () => {
      const field = { id: 9700, name: 'Room', type: 'textbox', required: true };
      await stack.control('/forms', {
        forms: [
          {
            id: 501,
            name: 'Examination details',
            appointmentTypeIDs: [],
            fields: [{ ...field, id: 9101, required: false }],
          },
          { id: 599, name: 'Clinic', hidden: true, appointmentTypeIDs: [8001], fields: [field] },
        ],
      });
      await stack.app.system.services.mapping.readAgain();
      const report = await stack.run();
      await stack.control('/reset', {});
      await stack.app.system.services.mapping.readAgain();
      await stack.app.system.services.sync.connect(null);
      const lines = said(report, 'acuity_questions');
      expect(lines[0]).to.equal('warning: Every examination goes without our reference');
      expect(lines).to.include('wrong: “Room” is required on an internal form, and nobody is asked it');
    });

    it('is wrong when our webhook is disabled or missing', async () => {
      const [ours] = stack.simulator.state.subscriptions;
      if (!ours) throw new Error('There is no webhook to disable');
      ours.status = 'disabled';
      expect(said(await stack.run(), 'webhook')[0]).to.match(/^wrong: Acuity has disabled our webhook/);
      ours.status = 'active';
      expect(said(await stack.run({ BASE_URL: 'http://127.0.0.1:9' }), 'webhook')[0]).to.match(
        /^wrong: Acuity has no webhook of ours/,
      );
    });
  });

  describe('about BASE_URL', () => {
    it('is wrong when nothing answers at BASE_URL', async () => {
      const report = await stack.run({ BASE_URL: `http://${closedAddress}` });
      expect(said(report, 'outside')[0]).to.match(/^wrong: .* does not answer: ECONNREFUSED$/);
      expect(said(report, 'relay_target')[0]).to.match(/^wrong: .* does not answer/);
      expect(said(report, 'trust_proxy')[0]).to.match(/^wrong: The app does not answer at BASE_URL/);
    });

    it('is wrong when something else answers at BASE_URL', async () => {
      const report = await stack.run({ BASE_URL: stack.simulator.url });
      expect(said(report, 'outside')[0]).to.match(/^wrong: .* is answered by something else/);
      expect(said(report, 'trust_proxy')[0]).to.match(/^wrong: BASE_URL leads to something else/);
    });

    it('is wrong when the installation at BASE_URL has another secret', async () => {
      const report = await stack.run({ BETTER_AUTH_SECRET: 'another-secret-of-32-characters!' });
      expect(said(report, 'trust_proxy')[0]).to.match(/^wrong: BASE_URL leads to .* other secrets \(404\)$/);
    });

    it('is wrong when the real Acuity could not reach BASE_URL', async () => {
      const report = await stack.run({}, { acuityUrl: 'https://acuityscheduling.com', folders: [] });
      expect(said(report, 'outside')[0]).to.match(/^wrong: 127\.0\.0\.1:\d+ is an address of this machine/);
    });

    it('is wrong in production without https', async () => {
      const report = await stack.run({ BASE_URL: 'http://examdesk.invalid' }, { isProduction: true });
      expect(said(report, 'https')).to.deep.equal(['wrong: BASE_URL is not https']);
    });

    it('asks another automation layer without sending it an event', async () => {
      const url = `${stack.simulator.url}/api/v1/meta`;
      expect(said(await stack.run({ RELAY_TARGET_URL: url }), 'relay_target')).to.deep.equal([
        `ok: ${url} answers`,
      ]);
      await stack.control('/faults', { rules: [{ path: '/meta', effect: { status: 503 } }] });
      const report = await stack.run({ RELAY_TARGET_URL: url });
      await stack.control('/faults', { rules: [] });
      expect(said(report, 'relay_target')).to.deep.equal([`wrong: ${url} fails (503)`]);
    });
  });

  describe('about a proxy that ends https', () => {
    let folder: string;
    let pem: { key: string; cert: string };
    before(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'examdesk-tls-'));
      const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      const how = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...subject];
      execFileSync('openssl', [...how, '-keyout', key, '-out', cert], { stdio: 'ignore' });
      pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    /** The report of an app behind such a proxy. */
    const behind = async (trustProxy: string, overrides: object = {}, adds = true) => {
      let appUrl = '';
      const proxy = await openForwarder(
        () => appUrl,
        { adds },
        (pass) => createServer(pem, pass),
      );
      const baseUrl = `https://localhost:${proxy.port}`;
      const app = await startTestApp({ env: { BASE_URL: baseUrl, TRUST_PROXY: trustProxy } });
      appUrl = app.url;
      try {
        return await stack.run({ BASE_URL: baseUrl }, { ca: pem.cert, ...overrides });
      } finally {
        await proxy.close();
        await app.close();
      }
    };

    it('is ok when the app believes the one proxy, and the certificate is trusted', async () => {
      const report = await behind('1');
      expect(said(report, 'https')).to.deep.equal(['ok: The certificate is valid for 29 more days']);
      expect(said(report, 'trust_proxy')).to.deep.equal([
        'ok: The app knows the address that a request comes from',
      ]);
      expect(said(report, 'outside')[0]).to.match(/^ok: https:\/\/localhost/);
    });

    it('is wrong when TRUST_PROXY is unset, too large, or the proxy adds nothing', async () => {
      expect(said(await behind(''), 'trust_proxy')[0]).to.equal(
        'wrong: A proxy stands before the app, and TRUST_PROXY is unset',
      );
      expect(said(await behind('2'), 'trust_proxy')[0]).to.match(/^wrong: The app believes any address/);
      expect(said(await behind('1', {}, false), 'trust_proxy')[0]).to.match(
        /^wrong: The app believes any address/,
      );
    });

    it('warns before the certificate expires, and is wrong afterwards or when nobody trusts it', async () => {
      const late = { now: () => inMs(20 * 86_400_000) };
      expect(said(await behind('1', { clock: late }), 'https')).to.deep.equal([
        'warning: The certificate is valid for 9 more days',
      ]);
      const over = { now: () => inMs(40 * 86_400_000) };
      expect(said(await behind('1', { clock: over }), 'https')).to.deep.equal([
        'wrong: The certificate has expired',
      ]);
      expect(said(await behind('1', { ca: undefined }), 'https')).to.deep.equal([
        'wrong: The certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
      ]);
    });
  });

  describe('about the virus scanner', () => {
    it('is wrong when clamd scans less than the upload limit', async function () {
      if (!stack.clamd) throw new Error(noClamd);
      expect(said(await stack.run(withScanner()), 'clamd')).to.include(
        'ok: It scans files up to UPLOAD_MAX_BYTES',
      );
      const report = await stack.run({ ...withScanner(), UPLOAD_MAX_BYTES: '60000000' });
      expect(said(report, 'clamd')).to.include('wrong: Its StreamMaxLength is less than UPLOAD_MAX_BYTES');
    });

    it('is wrong when it cannot be reached, and warns when there is none', async () => {
      const report = await stack.run({ CLAMD_URL: `tcp://${closedAddress}` });
      expect(said(report, 'clamd')).to.deep.equal(['wrong: clamd does not answer: ECONNREFUSED']);
      expect(said(await stack.run({ CLAMD_URL: '' }), 'clamd')).to.deep.equal([
        'warning: Uploads are not scanned for viruses',
      ]);
    });
  });

  describe('about the machine', () => {
    it('is wrong when its clock is not Acuity’s', async () => {
      await stack.control('/clock', { now: inMs(600_000).toISOString() });
      const report = await stack.run();
      await stack.control('/clock', { now: new Date().toISOString() });
      expect(said(report, 'clock')[0]).to.match(/^ok/);
      expect(said(report, 'clock')[1]).to.match(
        /^wrong: This machine’s clock is (599|600|601) seconds behind Acuity’s$/,
      );
    });

    it('is wrong when its clock is not the database’s', async () => {
      const report = await stack.run({}, { clock: { now: () => inMs(-20_000) } });
      expect(said(report, 'clock')[0]).to.match(
        /^warning: This machine’s clock is (19|20|21) seconds behind the database’s$/,
      );
    });

    it('reports the free disk space, and a missing folder', async () => {
      expect(said(await stack.run(), 'disk')[0]).to.match(/GB free in /);
      const report = await stack.run({}, { folders: ['/nowhere'] });
      expect(said(report, 'disk')).to.deep.equal(['wrong: /nowhere cannot be read: ENOENT']);
    });
  });

  describe('about the audit log', () => {
    it('is wrong when a sealed row was changed, and about a key that is gone', async () => {
      const other = parseKeyring(`other:${'5f3a91c07be2d684'.repeat(4)}`) as Keyring;
      expect(said(await stack.run(), 'audit_seals')[1]).to.match(/^ok: The recent seals fit/);
      expect(said(await stack.run({}, { keyring: other }), 'audit_seals')[1]).to.match(
        /^wrong: The last seal was made with a key/,
      );
      await stack.owner.raw(
        `alter table audit_log disable trigger all; update audit_log set action = action || 'x' where id = (select min(id) from audit_log)`,
      );
      expect(said(await stack.run(), 'audit_seals')[1]).to.match(/^wrong: 1 of the recent seals/);
    });
  });

  describe('about secrets', () => {
    it('is wrong in production with the demo’s keys', async () => {
      const lines = said(await stack.run({}, { isProduction: true }), 'secrets');
      expect(lines).to.include('wrong: ACUITY_API_KEY is the demo’s');
      expect(lines.join()).to.match(/wrong: The first key of ENCRYPTION_KEYS is the demo’s/);
    });
  });
});
