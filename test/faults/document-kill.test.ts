// The process killed at every step of an upload: afterwards every row has its object, and after the sweeper ran
// every object its row.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import { compose } from '../../src/compose.ts';
import { silent } from '../support/booking-house.ts';
import { pdf, samples } from '../support/builders/files.ts';
import {
  cookieOf,
  download,
  openDocumentHouse,
  sha256,
  type DocumentHouse,
} from '../support/document-house.ts';

const child = path.join(import.meta.dirname, 'document-child.ts');
const uploadSteps = ['received', 'verified', 'copied', 'in_transaction', 'committed', 'answered'] as const;
const files = { 'large.pdf': pdf(11_000_000), 'small.txt': samples.txt };

describe('a process that is killed while it takes documents', function () {
  this.timeout(60_000);
  let house: DocumentHouse;
  let cookie: string;
  before(async () => {
    house = await openDocumentHouse();
    cookie = await cookieOf(house, 'rita@harbour-legal.example');
  });
  after(() => house.close());
  afterEach(async () => {
    await house.app.db('documents').delete();
    await later((care) => care.checkCustody());
    await later((care) => care.sweep());
    for (const key of await house.storage.keys())
      await house.storage.server.files.remove(house.storage.bucket, key);
  });

  async function start(plan: Record<string, unknown>) {
    const running = fork(child, [JSON.stringify(plan)], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'test',
        LOG_LEVEL: 'fatal',
        DATABASE_URL: house.app.databaseUrl,
        DATABASE_POOL_MAX: '4',
        BETTER_AUTH_SECRET: 'a-secret-for-tests-only-0123456789abcdef',
        SMTP_URL: 'smtp://127.0.0.1:9',
        ACUITY_BASE_URL: 'http://127.0.0.1:9',
        ACUITY_USER_ID: '11100001',
        ACUITY_API_KEY: 'demo-acuity-key',
        DEMO_ACCOUNTS: 'true',
        ...house.storage.env,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const ended = once(running, 'exit').then(([, signal]) => signal as string | null);
    const ready = once(running, 'message').then(([message]) => (message as { url: string }).url);
    return { running, ended, url: (await Promise.race([ready, ended.then(() => null)])) ?? '' };
  }

  async function send(url: string): Promise<number | 'no answer'> {
    const form = new FormData();
    form.set('category', 'brief');
    for (const [name, bytes] of Object.entries(files))
      form.append('files', new Blob([new Uint8Array(bytes)]), name);
    const headers = { cookie, origin: url, accept: 'application/json' };
    return fetch(`${url}/bookings/${house.bookingId}/documents`, {
      method: 'POST',
      body: form,
      headers,
    }).then(
      (answer) => answer.status,
      () => 'no answer' as const,
    );
  }

  /** A day and a half later. */
  async function later<T>(
    work: (care: ReturnType<typeof compose>['services']['documentCare']) => Promise<T>,
  ): Promise<T> {
    const clock = { now: () => new Date(Date.now() + 36 * 3_600_000) };
    const system = compose(house.app.system.services.config, { clock, log: silent });
    try {
      return await work(system.services.documentCare);
    } finally {
      await system.close();
    }
  }

  const rows = () =>
    house.app
      .db('documents')
      .select<{ id: string; s3_key: string; sha256: string }[]>('id', 's3_key', 'sha256');

  for (const [index, step] of uploadSteps.entries()) {
    const isKept = index >= uploadSteps.indexOf('committed');
    it(`at ${step}: ${isKept ? 'the documents are there' : 'nothing is there'}, and nothing else after the sweep`, async () => {
      const web = await start({ killAt: step });
      expect(await send(web.url)).to.equal('no answer');
      expect(await web.ended).to.equal('SIGKILL');

      // At once: no row without its object.
      const written = await rows();
      expect(written).to.have.length(isKept ? 2 : 0);
      expect(await house.storage.keys('documents/')).to.include.members(written.map((row) => row.s3_key));
      // What is young is left alone; what is old goes.
      await house.app.system.services.documentCare.sweep();
      await later((care) => care.sweep());
      expect(await house.storage.keys()).to.have.members(written.map((row) => row.s3_key));
      expect(await house.storage.openUploads()).to.deep.equal([]);
      for (const { id, sha256: wanted } of written) {
        const file = await download(house.rita, `/documents/${id}`).expect(200);
        expect(sha256(file.body as Buffer)).to.equal(wanted);
      }
      expect((await later((care) => care.checkCustody()))?.findings).to.deep.equal([]);
    });
  }

  it('half-way through a file: its open upload in parts is swept', async () => {
    const web = await start({ killAt: 'never' });
    // The store notices the second part, and the process is gone.
    house.storage.server.trouble = ({ query }) => {
      if (query.get('partNumber') === '2') web.running.kill('SIGKILL');
      return undefined;
    };
    expect(await send(web.url)).to.equal('no answer');
    house.storage.server.trouble = null;
    expect(await web.ended).to.equal('SIGKILL');
    expect(await house.storage.openUploads()).to.have.length(1);
    await later((care) => care.sweep());
    expect(await house.storage.openUploads()).to.deep.equal([]);
    expect(await house.storage.keys()).to.deep.equal([]);
  });

  for (const [step, verdict] of [
    ['scanned', 'infected'],
    ['verdict_written', 'infected'],
    ['object_removed', 'infected'],
    ['scanned', 'clean'],
    ['verdict_written', 'clean'],
  ] as const) {
    it(`at ${step} of a scan that found it ${verdict}: the next scan or sweep ends it`, async () => {
      const [stored] = await house.upload({ 'small.txt': samples.txt });
      const id = stored?.id ?? '';
      await house.app.db('documents').where({ id }).update({ status: 'checking' });
      const scanning = await start({ killAt: step, verdict, scan: id });
      expect(await scanning.ended).to.equal('SIGKILL');
      const again = await start({ killAt: 'never', verdict, scan: id });
      expect(await again.ended).to.equal(null);
      await later((care) => care.sweep());
      const [row] = (await house.app.db('documents').where({ id })) as Record<string, unknown>[];
      expect(row?.status).to.equal(verdict);
      expect(row?.object_removed_at === null).to.equal(verdict === 'clean');
      expect(await house.storage.keys()).to.have.length(verdict === 'clean' ? 1 : 0);
    });
  }
});
