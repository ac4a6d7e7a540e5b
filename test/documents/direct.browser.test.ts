// Direct uploads from a real browser: under our Content-Security-Policy, interrupted, and with an unreachable store.
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { pdf } from '../support/builders/files.ts';
import { launchBrowser } from '../support/browser.ts';
import { openDocumentFixture, sha256, type DocumentFixture } from '../support/document-fixture.ts';
import { chooseFiles } from '../support/choose-files.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';
import { until } from '../support/until.ts';

/** Two parts. */
const large = pdf(5_500_000);
/** Three parts: with two the whole file may be on its way when the second one breaks off. */
const larger = pdf(11_000_000);
/** Makes the pauses between tries (1, 2 and 4 s) a hundred times shorter. The time-outs of requests stay. */
const shortPauses = `{
  const real = window.setTimeout;
  window.setTimeout = (act, ms, ...rest) => real(act, [1000, 2000, 4000].includes(ms) ? ms / 100 : ms, ...rest);
}`;

describe('a direct upload in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  let watched: Watched;
  let page: Page;
  let bookingId: string;
  /** The requests that the browser sent. */
  let sent: string[];
  let step: ((name: string) => Promise<void>) | null = null;

  before(async () => {
    const overrides = { documents: { onStep: (name: string) => step?.(name) } };
    [browser, fixture] = await Promise.all([launchBrowser(), openDocumentFixture({ overrides })]);
  });
  after(async () => {
    await fixture.close();
    await browser.close();
  });
  afterEach(async () => {
    fixture.storage.server.injectFault = null;
    step = null;
    await watched.close();
    const { server, bucket } = fixture.storage;
    for (const { uploadId } of await server.files.uploads(bucket, ''))
      await server.files.closeUpload(bucket, uploadId);
  });

  const open = async (width = 1280) => {
    watched = await watchedPage(browser, fixture.app.url, { width, script: shortPauses });
    ({ page } = watched);
    await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
    bookingId = await fixture.newBooking();
    await page.goto(`/bookings/${bookingId}`);
    await page.getByText('drop files onto this box').waitFor();
    sent = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      const isPart = url.origin === fixture.storage.server.url;
      if (request.method() === 'PUT' && isPart) sent.push(`part ${url.searchParams.get('partNumber')}`);
      if (url.pathname.endsWith('/documents') && request.method() === 'POST') sent.push('form');
    });
  };
  const upload = async (buffer = large) => {
    await page.getByLabel('Category').selectOption('brief');
    await chooseFiles(page.getByLabel('Files'), { name: 'Brief.pdf', buffer });
    await page.getByRole('button', { name: 'Upload' }).click();
  };
  const stored = () => page.getByRole('link', { name: 'Brief.pdf', exact: true });
  const rows = () => fixture.app.db('documents').where({ booking_id: bookingId }).pluck('sha256');

  it('sends parts with their progress, and appears in the list when it has been checked', async () => {
    await open(390);
    await watched.throttle(300_000);
    await upload(larger);
    await page.getByText(/^[1-9]\d? %, \d+ s left$/).waitFor();
    await watched.check();
    await watched.throttle(0);
    await stored().waitFor();
    expect(sent.toSorted()).to.deep.equal(['part 1', 'part 2', 'part 3']);
    expect(await rows()).to.deep.equal([sha256(larger)]);
    await watched.check();
  });

  it('tries parts again when the store fails for a moment', async () => {
    await open();
    const partsToFail = new Set(['1', '2']);
    fixture.storage.server.injectFault = ({ method, query }) =>
      method === 'PUT' && partsToFail.delete(query.get('partNumber') ?? '')
        ? { status: 503, code: 'SlowDown' }
        : undefined;
    await upload();
    await stored().waitFor();
    expect(await rows()).to.deep.equal([sha256(large)]);
  });

  it('sends only the rest when the connection broke, also after a reload', async () => {
    await open();
    fixture.storage.server.injectFault = ({ method, query }) =>
      method === 'PUT' && query.get('partNumber') === '2' ? 'drop' : undefined;
    await upload(larger);
    await page.getByText(/^The connection broke. The part that arrived is kept/).waitFor();
    await watched.check();
    fixture.storage.server.injectFault = null;
    sent.length = 0;
    await page.getByRole('button', { name: 'Dismiss Brief.pdf' }).click();
    await page.reload();
    await upload(larger);
    await stored().waitFor();
    expect(sent).to.include('part 2').and.not.include('part 1').and.not.include('form');
    expect(await rows()).to.deep.equal([sha256(larger)]);
  });

  it('goes through the app when the store becomes unreachable before it continues', async () => {
    await open();
    fixture.storage.server.injectFault = ({ method, query }) =>
      method === 'PUT' && query.get('partNumber') === '2' ? 'drop' : undefined;
    await upload(larger);
    await page.getByText(/^The connection broke. The part that arrived is kept/).waitFor();
    fixture.storage.server.injectFault = null;
    await page.route(`${fixture.storage.server.url}/**`, (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).click();
    await stored().waitFor();
    expect(sent.at(-1)).to.equal('form');
    expect(await rows()).to.deep.equal([sha256(larger)]);
    await until(async () => (await fixture.storage.openUploads()).length === 0);
  });

  it('goes through the app when the store is unreachable', async () => {
    await open();
    await page.route(`${fixture.storage.server.url}/**`, (route) => route.abort('connectionrefused'));
    await upload();
    await stored().waitFor();
    expect(sent.at(-1)).to.equal('form');
    expect(await rows()).to.deep.equal([sha256(large)]);
    await until(async () => (await fixture.storage.openUploads()).length === 0);
  });

  for (const [status, code] of [
    [403, 'AccessDenied'],
    [400, 'InvalidRequest'],
    [502, 'BadGateway'],
  ] as const) {
    it(`goes through the app when the store refuses browsers (${status})`, async () => {
      await open();
      fixture.storage.server.injectFault = ({ method, query }) =>
        method === 'PUT' && query.has('X-Amz-Signature') ? { status, code } : undefined;
      await upload();
      await stored().waitFor();
      expect(sent.at(-1)).to.equal('form');
      expect(await rows()).to.deep.equal([sha256(large)]);
    });
  }

  /** Runs once, between the last part and the completion. */
  const beforeCompletion = async (act: () => Promise<unknown>) => {
    let isOver = false;
    await page.route('**/documents/uploads/*/complete', async (route) => {
      if (!isOver) await act();
      isOver = true;
      await route.fallback();
    });
  };
  const tryAgain = async () => {
    await watched.check();
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).click();
    await stored().waitFor();
    expect(sent).not.to.include('form');
    expect(await rows()).to.deep.equal([sha256(large)]);
  };

  it('offers to start again when the upload has expired', async () => {
    await open();
    const past = new Date(Date.now() - 1_000);
    await beforeCompletion(() => fixture.app.db('direct_uploads').update({ expires_at: past }));
    await upload();
    await page.getByText('The upload ended before the whole file had arrived.', { exact: true }).waitFor();
    await tryAgain();
  });

  it('sends one part again when it is not the one that was sent', async () => {
    await open();
    await beforeCompletion(async () => {
      const [{ id = '', part_bytes: bytes = 0 } = {}] = (await fixture.app
        .db('direct_uploads')
        .where({ booking_id: bookingId })) as { id?: string; part_bytes?: number }[];
      const other = Buffer.alloc(bytes, 'x');
      const parts = [{ partNumber: 1, sha256: sha256(other) }];
      const path = `/bookings/${bookingId}/documents/uploads/${id}/parts`;
      const offered = (await fixture.rita.post(path).send({ parts }).expect(200)) as {
        body: { parts: { url: string; headers: Record<string, string> }[] };
      };
      const [offer] = offered.body.parts;
      await fetch(offer?.url ?? '', {
        method: 'PUT',
        headers: offer?.headers ?? {},
        body: new Uint8Array(other),
      });
    });
    await upload();
    await page.getByText('Part 1 did not arrive: send it again', { exact: true }).waitFor();
    sent.length = 0;
    await tryAgain();
    expect(sent).to.deep.equal(['part 1']);
  });

  it('becomes a document without being sent again when the store refused the copy before', async () => {
    await open();
    fixture.storage.server.injectFault = ({ method, key }) =>
      method === 'PUT' && key.startsWith('documents/') ? { status: 500, code: 'InternalError' } : undefined;
    await upload();
    await page.getByText(/^We can’t reach the file store right now/).waitFor();
    fixture.storage.server.injectFault = null;
    sent.length = 0;
    await tryAgain();
    expect(sent).to.deep.equal([]);
  });

  it('offers to start again when the file was altered on the way', async () => {
    await open();
    let isAltered = false;
    step = async (name) => {
      if (name !== 'put_together' || isAltered) return;
      isAltered = true;
      const [key = ''] = await fixture.storage.keys('pending/');
      await fixture.storage.damage(key, 5_400_000);
    };
    await upload();
    await page.getByText(/^The file was changed on the way/).waitFor();
    await tryAgain();
  });

  it('leaves nothing when it is cancelled', async () => {
    await open();
    await watched.throttle(100_000);
    await upload();
    await page.getByText(/% *, \d+ s left$/).waitFor();
    await page.getByRole('button', { name: 'Cancel Brief.pdf' }).press('Enter');
    await page.getByText('Cancelled.', { exact: true }).waitFor();
    await until(async () => (await fixture.storage.openUploads()).length === 0);
    expect(await rows()).to.deep.equal([]);
  });
});
