// Where uploads go, by the browser's network log: large files to the store in presigned parts, everything else to the
// app.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { pdf } from '../support/builders/files.ts';
import { launchBrowser } from '../support/browser.ts';
import { openDocumentFixture, sha256, type DocumentFixture } from '../support/document-fixture.ts';
import { chooseFiles, type ChosenFile } from '../support/choose-files.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';
import { until } from '../support/until.ts';

const rita = 'rita@harbour-legal.example';
const directFrom = 5 * 1024 * 1024;
const files = {
  small: { name: 'Letter.pdf', buffer: pdf(1_000_000) },
  large: { name: 'Brief.pdf', buffer: pdf(6_000_000) },
  larger: { name: 'Imaging.pdf', buffer: pdf(12_000_000) },
};

interface Sent {
  method: string;
  origin: string;
  path: string;
  query: URLSearchParams;
  /** By the request's header. */
  bytes: number;
  contentType: string;
}

describe('requests during uploads', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  let watched: Watched;
  let page: Page;
  let bookingId: string;

  before(async () => {
    [browser, fixture] = await Promise.all([launchBrowser(), openDocumentFixture()]);
  });
  after(async () => {
    await fixture.close();
    await browser.close();
  });
  afterEach(() => watched.close());

  const open = async ({ url }: { url: string }, options: { javaScript?: boolean } = {}) => {
    watched = await watchedPage(browser, url, { width: 1280, ...options });
    ({ page } = watched);
    await watched.useSession(await fixture.app.sessionCookie(rita));
    bookingId = await fixture.newBooking();
    await page.goto(`/bookings/${bookingId}`);
    if (options.javaScript !== false) await page.getByText('drop files onto this box').waitFor();
  };
  const upload = async (...chosen: ChosenFile[]) => {
    await page.getByLabel('Category').selectOption('brief');
    await chooseFiles(page.getByLabel('Files'), ...chosen);
    await page.getByRole('button', { name: 'Upload' }).click();
    for (const { name } of chosen) await page.getByRole('link', { name, exact: true }).waitFor();
  };
  const stored = async (from = fixture): Promise<string[]> => {
    const rows = (await from.app.db('documents').where({ booking_id: bookingId })) as { sha256: string }[];
    return rows.map((row) => row.sha256).toSorted();
  };
  const hashesOf = (...chosen: ChosenFile[]) => chosen.map(({ buffer }) => sha256(buffer)).toSorted();
  /** Records what the page sends from now on, except reads. Returns a function that returns the record. */
  const recordRequests = async (): Promise<() => Sent[]> => {
    const urls = new Map<string, { method: string; url: URL }>();
    const sizes = new Map<string, Pick<Sent, 'bytes' | 'contentType'>>();
    const client = await watched.context.newCDPSession(page);
    await client.send('Network.enable');
    // A request's two events arrive in any order, and a redirect repeats both, so the first of each counts.
    client.on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => {
      if (!urls.has(requestId)) urls.set(requestId, { method, url: new URL(url) });
    });
    client.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
      const header = (name: string) =>
        Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
      if (sizes.has(requestId)) return;
      sizes.set(requestId, {
        bytes: Number(header('content-length')),
        contentType: header('content-type'),
      });
    });
    return () =>
      [...urls]
        .filter(([, { method }]) => method !== 'GET')
        .map(([requestId, { method, url }]) => ({
          method,
          origin: url.origin,
          path: url.pathname,
          query: url.searchParams,
          ...(sizes.get(requestId) ?? { bytes: 0, contentType: '' }),
        }));
  };

  it('send 6 MB and 12 MB files to the store in presigned parts, and a 1 MB file to the app', async () => {
    await open(fixture.app);
    const requests = await recordRequests();
    await upload(files.large, files.small, files.larger);
    expect(await stored()).to.deep.equal(hashesOf(files.large, files.small, files.larger));
    await watched.check();

    const sent = requests();
    const toStore = sent.filter(({ origin }) => origin === fixture.storage.server.url);
    const parts = toStore.filter(({ method }) => method === 'PUT');
    expect(toStore.filter((one) => !parts.includes(one) && one.method !== 'OPTIONS')).to.deep.equal([]);
    expect(parts.map(({ query }) => query.get('partNumber') ?? '').toSorted()).to.deep.equal(
      ['1', '2', '1', '2', '3'].toSorted(),
    );
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(18_000_000);
    for (const { path, query } of parts) {
      expect(path).to.match(/^\/test-[0-9a-f-]+\/pending\/[\w-]+$/);
      expect(Number(query.get('X-Amz-Expires'))).to.be.within(1, 300);
      expect(query.get('X-Amz-SignedHeaders')).to.equal('content-length;host;x-amz-checksum-sha256');
    }

    const toApp = sent.filter(({ origin }) => origin === fixture.app.url);
    const forms = toApp.filter(({ contentType }) => contentType.startsWith('multipart/form-data'));
    expect(forms.map(({ path }) => path)).to.deep.equal([`/bookings/${bookingId}/documents`]);
    expect(forms[0]?.bytes).to.be.within(1_000_000, 1_002_000);
    const others = toApp.filter((one) => !forms.includes(one));
    expect(
      others.reduce((sum, { bytes }) => sum + bytes, 0),
      'all else to the app',
    ).to.be.below(20_000);
  });

  it('send a file of exactly 5 MB to the store, and one of a byte less to the app', async () => {
    await open(fixture.app);
    const requests = await recordRequests();
    const exact = { ...files.large, name: 'Exact.pdf', buffer: pdf(directFrom) };
    const below = { ...files.large, name: 'Below.pdf', buffer: pdf(directFrom - 1) };
    expect([exact.buffer.length, below.buffer.length]).to.deep.equal([directFrom, directFrom - 1]);
    await upload(exact, below);
    const big = requests().filter(({ bytes }) => bytes > 1_000_000);
    expect(big.map(({ method, origin }) => [method, origin])).to.deep.equal([
      ['PUT', fixture.storage.server.url],
      ['POST', fixture.app.url],
    ]);
    expect(await stored()).to.deep.equal(hashesOf(exact, below));
  });

  it('never go to the store for a download', async () => {
    await open(fixture.app);
    await upload(files.large);
    const [row] = (await fixture.app.db('documents').where({ booking_id: bookingId })) as { id: string }[];
    const answer = await fixture.rita.get(`/documents/${row?.id}`).redirects(0).expect(200);
    const { body } = await fixture.rita.get(`/bookings/${bookingId}`).expect(200);
    const told = JSON.stringify([answer.headers['location'] ?? '', body]);
    expect(told)
      .not.to.contain(new URL(fixture.storage.server.url).host)
      .and.not.to.match(/X-Amz|pending/);
  });

  it('send every file to the app without JavaScript', async () => {
    await open(fixture.app, { javaScript: false });
    const requests = await recordRequests();
    await upload(files.small, files.large);
    const sent = requests();
    expect(sent.map(({ method, origin, path }) => [method, origin, path])).to.deep.equal([
      ['POST', fixture.app.url, `/bookings/${bookingId}/documents`],
    ]);
    expect(sent[0]?.contentType).to.match(/^multipart\/form-data/);
    expect(await stored()).to.deep.equal(hashesOf(files.small, files.large));
  });

  describe('when the browser cannot reach the store', () => {
    let other: DocumentFixture | null = null;
    let silent: Server | null = null;
    afterEach(async () => {
      silent?.closeAllConnections();
      silent?.close();
      await other?.close();
      other = null;
      silent = null;
    });
    const listen = async (): Promise<string> => {
      // Accepts connections and never answers, like a firewall that drops packets.
      silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent?.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    };

    for (const [how, address] of [
      ['it refuses connections', async () => 'http://127.0.0.1:9'],
      ['it is silent', listen],
    ] as const) {
      it(`send large files to the app within seconds when ${how}, and staff are warned`, async () => {
        other = await openDocumentFixture({ env: { S3_BROWSER_ENDPOINT: await address() } });
        const elsewhere = other;
        watched = await watchedPage(browser, elsewhere.app.url, { width: 1280 });
        ({ page } = watched);
        await watched.useSession(await elsewhere.app.sessionCookie(rita));
        ({ bookingId } = elsewhere);
        await page.goto(`/bookings/${bookingId}`);
        await page.getByText('drop files onto this box').waitFor();
        const requests = await recordRequests();
        const startedAt = performance.now();
        const firstForm = page
          .waitForRequest((request) => request.url().endsWith('/documents') && request.method() === 'POST')
          .then(() => performance.now() - startedAt);
        await upload(files.large, files.larger);
        expect(await firstForm, 'until it goes through the app').to.be.below(20_000);
        expect(await stored(elsewhere)).to.deep.equal(hashesOf(files.large, files.larger));
        const forms = requests().filter(({ contentType }) => contentType.startsWith('multipart/form-data'));
        expect(forms.map(({ bytes }) => Math.round(bytes / 1_000_000))).to.deep.equal([6, 12]);
        const begun = requests().filter(({ path, method }) => method === 'POST' && path.endsWith('/uploads'));
        expect(begun, 'the second file does not try again').to.have.length(1);
        await until(async () => (await elsewhere.storage.openUploads()).length === 0);
        expect(elsewhere.app.logLines.join('')).to.contain('could not send to the file store');
        await watched.check();
      });
    }
  });
});
