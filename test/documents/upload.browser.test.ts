// Uploads with JavaScript: progress, cancelling, retrying, dropping, and files that the browser refuses to send.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import type { Browser, Download, Page } from 'playwright-core';
import { pdf, samples } from '../support/builders/files.ts';
import { bytesOf, launchBrowser } from '../support/browser.ts';
import { chooseFiles, type ChosenFile } from '../support/choose-files.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { until } from '../support/until.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const twoMegabytes = pdf(2_000_000);

describe('uploading documents with JavaScript', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  let watched: Watched;
  let page: Page;
  let bookingId: string;
  /** The server waits for it after it has received the whole file. */
  let received: (() => Promise<void>) | null = null;

  before(async () => {
    const overrides = {
      documents: { onStep: (step: string) => (step === 'received' ? received?.() : undefined) },
    };
    [browser, fixture] = await Promise.all([launchBrowser(), openDocumentFixture({ overrides })]);
  });
  after(async () => {
    await fixture.close();
    await browser.close();
  });
  afterEach(() => {
    received = null;
    return watched.close();
  });

  const file = (name: string, buffer: Buffer): ChosenFile => ({ name, buffer });
  /** @param hold delays a script; the page is opened without waiting for it */
  const open = async (width = 1280, hold?: () => Promise<void>) => {
    watched = await watchedPage(browser, fixture.app.url, { width });
    ({ page } = watched);
    await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
    bookingId = await fixture.newBooking();
    await hold?.();
    await page.goto(`/bookings/${bookingId}`, { waitUntil: hold ? 'commit' : 'load' });
    if (hold) return;
    await page.getByText('drop files onto this box').waitFor();
    await page.getByLabel('Category').selectOption('brief');
  };
  const choose = (...files: ChosenFile[]) => chooseFiles(page.getByLabel('Files'), ...files);
  const upload = () => page.getByRole('button', { name: 'Upload' }).click();
  const stored = (name: string) => page.getByRole('link', { name, exact: true });
  /** Sends two megabytes in twenty seconds, so that a busy test meets them on their way. */
  const slowly = () => watched.throttle(100_000);
  /** Resolves when the page itself knows. */
  const setOffline = async (isOffline: boolean) => {
    await page.context().setOffline(isOffline);
    await until(async () => (await page.evaluate<boolean>('navigator.onLine')) !== isOffline);
  };
  const rows = async () => (await fixture.app.db('documents').where({ booking_id: bookingId })).length;

  for (const width of [1280, 390]) {
    it(`shows progress and time left, and then the file in the list (${width} px)`, async () => {
      await open(width);
      await slowly();
      await choose(file('Brief.pdf', twoMegabytes), file('note.txt', samples.txt));
      await upload();
      await page.getByText(/^[1-9]\d? %, \d+ s left$/).waitFor();
      const value = await page.evaluate(`document.querySelector('.upload progress').value`);
      expect(value).to.be.within(0.01, 0.99);
      await watched.check();
      await watched.throttle(0);
      await stored('Brief.pdf').waitFor();
      await stored('note.txt').waitFor();
      expect(await page.getByRole('status').filter({ hasText: 'note.txt was stored.' }).count()).to.equal(1);
      expect(await page.getByRole('list', { name: 'Uploads in progress' }).count()).to.equal(0);
      await watched.check();
    });
  }

  it('stores nothing when an upload is cancelled, and sends the file when tried again', async () => {
    await open();
    await slowly();
    await choose(file('Brief.pdf', twoMegabytes));
    await upload();
    await page.getByText(/^[1-9]\d %, \d+ s left$/).waitFor();
    await page.getByRole('button', { name: 'Cancel Brief.pdf' }).press('Enter');
    await page.getByText('Cancelled.', { exact: true }).waitFor();
    expect(await rows()).to.equal(0);
    await watched.check();
    await watched.throttle(0);
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).press('Enter');
    await stored('Brief.pdf').waitFor();
    expect(await rows()).to.equal(1);
  });

  it('reports a broken connection, and sends the file when tried again', async () => {
    await open();
    await slowly();
    // The browser itself retries once over a new connection.
    let isBroken = false;
    const underWay: Socket[] = [];
    const note = (message: unknown) => {
      const { request } = message as { request: IncomingMessage };
      if (request.method !== 'POST' || !request.url?.endsWith('/documents')) return;
      underWay.push(request.socket);
      if (isBroken) request.socket.destroy();
    };
    subscribe('http.server.request.start', note);
    await choose(file('Brief.pdf', twoMegabytes));
    await upload();
    await page.getByText(/^[1-9]\d %, \d+ s left$/).waitFor();
    isBroken = true;
    for (const socket of underWay) socket.destroy();
    await page.getByText('The connection broke. Nothing was stored.', { exact: true }).waitFor();
    unsubscribe('http.server.request.start', note);
    await watched.throttle(0);
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).click();
    await stored('Brief.pdf').waitFor();
    expect(await rows()).to.equal(1);
  });

  it('says that the browser is offline, and sends the file when tried again', async () => {
    await open();
    await choose(file('Brief.pdf', pdf(1_000)));
    await setOffline(true);
    await upload();
    await page
      .getByText('You are offline. Try again when the connection is back.', { exact: true })
      .waitFor();
    await setOffline(false);
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).click();
    await stored('Brief.pdf').waitFor();
    expect(await rows()).to.equal(1);
  });

  /** Runs an action while the server holds the completely received file, then lets it continue. */
  const whileServerHoldsFile = async (act: () => Promise<unknown>) => {
    const isThere = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    received = async () => {
      isThere.resolve();
      await proceed.promise;
    };
    await upload();
    await isThere.promise;
    await act();
    proceed.resolve();
  };

  it('shows a file in the list when it was cancelled after the server had received it', async () => {
    await open();
    await choose(file('Brief.pdf', pdf(50_000)));
    await whileServerHoldsFile(async () => {
      await page.getByRole('button', { name: 'Cancel Brief.pdf' }).press('Enter');
      await page.getByText(/^Cancelled, perhaps too late\. If it was stored/).waitFor();
    });
    await stored('Brief.pdf').waitFor();
    await watched.check();
    received = null;
    await page.getByRole('button', { name: 'Try again Brief.pdf' }).click();
    await page.getByRole('status').filter({ hasText: 'Brief.pdf was stored.' }).waitFor();
    expect(await rows()).to.equal(1);
  });

  it('does not send a file again when only the answer was lost', async () => {
    await open();
    let isLost = false;
    await page.route(`**/bookings/${bookingId}/documents`, async (route) => {
      if (isLost || route.request().method() !== 'POST') return route.fallback();
      isLost = true;
      await route.fetch();
      await route.abort('connectionreset');
    });
    // Stored with the ending of its kind.
    // As a buffer: the body of a file on the disk is not passed to the route.
    await page
      .getByLabel('Files')
      .setInputFiles({ name: 'Letter v1.2', mimeType: 'application/pdf', buffer: pdf(50_000) });
    await upload();
    await page.getByRole('status').filter({ hasText: 'Letter v1.2 was stored.' }).waitFor();
    await stored('Letter v1.2.pdf').waitFor();
    expect(await page.getByRole('list', { name: 'Uploads in progress' }).count()).to.equal(0);
    expect(await rows()).to.equal(1);
  });

  it('refuses an empty file and too many files before it sends anything', async () => {
    await open();
    const sent: string[] = [];
    page.on('request', (request) => void (request.method() === 'POST' && sent.push(request.url())));
    await choose(file('empty.pdf', Buffer.alloc(0)));
    await upload();
    await page.getByText('The file is empty.', { exact: true }).waitFor();
    await watched.check();
    await page.getByLabel('Category').selectOption('brief');
    await choose(...Array.from({ length: 21 }, (_, at) => file(`note ${at}.txt`, samples.txt)));
    await upload();
    expect(await page.evaluate(`document.querySelector('#files').validationMessage`)).to.match(
      /^Choose 20 files or fewer/,
    );
    expect(sent).to.deep.equal([]);
  });

  it('shows why the server refused a file, and offers no second try', async () => {
    await open();
    await choose(file('scan.pdf', samples.png));
    await upload();
    await page.getByText(/^The file does not match the ending of its name/).waitFor();
    expect(await page.getByRole('button', { name: 'Try again scan.pdf' }).count()).to.equal(0);
    expect(await rows()).to.equal(0);
  });

  it('offers every file, stores one whose ending claims nothing, and refuses one of another kind', async () => {
    await open();
    expect(await page.locator('#files').getAttribute('accept')).to.equal(null);
    await choose(file('1.2.840.113619.2.78', samples.dicom), file('setup.exe', samples.txt));
    await upload();
    await stored('1.2.840.113619.2.78.dcm').waitFor();
    await page.getByText(/^The file is not an accepted file type: use PDF/).waitFor();
    const dismiss = page.getByRole('button', { name: 'Dismiss setup.exe' });
    await dismiss.click();
    expect(await dismiss.count()).to.equal(0);
    expect(await rows()).to.equal(1);
  });

  it('gives the same advice once when it refuses several files', async () => {
    await open();
    await choose(file('setup.exe', samples.txt), file('other.exe', samples.txt));
    await upload();
    await page.getByText('The file is not an accepted file type.', { exact: true }).waitFor();
    expect(await page.getByText(/^The file is not an accepted file type: use PDF/).count()).to.equal(1);
    expect(await page.getByRole('button', { name: /^Dismiss / }).count()).to.equal(2);
  });

  it('accepts dropped files, and asks for the category when none is chosen', async () => {
    await open();
    const drop = `{
      const form = document.querySelector('.document-upload');
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['Dear doctor, please see.'], 'dropped.txt', { type: 'text/plain' }));
      for (const type of ['dragenter', 'dragover', 'drop'])
        form.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    }`;
    await page.getByLabel('Category').selectOption('');
    await page.evaluate(drop);
    await page.getByText('One file chosen. Choose a category, then upload.').waitFor();
    await page.getByLabel('Category').selectOption('other');
    await upload();
    await stored('dropped.txt').waitFor();
    await page.getByLabel('Category').selectOption('other');
    await page.evaluate(drop);
    await page.locator('.document').nth(1).waitFor();
  });

  it('offers to drop files once the script takes them, and moves nothing then', async () => {
    const scriptAsked = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    await open(1280, async () => {
      await page.route('**/upload-row*', async (route) => {
        scriptAsked.resolve();
        await proceed.promise;
        await route.continue();
      });
    });
    await scriptAsked.promise;
    const hint = page.getByText('drop files onto this box');
    const height = () => page.evaluate(`document.querySelector('#documents').offsetHeight`);
    expect(await hint.isVisible()).to.equal(false);
    const before = await height();
    proceed.resolve();
    await hint.waitFor();
    expect(await height()).to.equal(before);
  });

  it('shows an image in a new tab without violating the policy', async () => {
    await open();
    await choose(file('scan.png', samples.png));
    await upload();
    await stored('scan.png').waitFor();
    const opening = watched.context.waitForEvent('page');
    await page.getByRole('link', { name: 'View scan.png in a new tab' }).click();
    const tab = await opening;
    await tab.waitForLoadState();
    const violations: string[] = [];
    tab.on('console', (message) => {
      if (/content security policy/i.test(message.text())) violations.push(message.text());
    });
    await tab.reload();
    expect(await tab.locator('img').count()).to.equal(1);
    expect(violations).to.deep.equal([]);
  });

  it('shows a PDF in the browser’s viewer, or downloads it when there is none, without violating the policy', async () => {
    await open();
    const bytes = pdf(20_000);
    await choose(file('Brief.pdf', bytes));
    await upload();
    await stored('Brief.pdf').waitFor();
    const complaints: string[] = [];
    watched.context.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    const downloading = new Promise<Download>((resolve) => page.once('download', resolve));
    const opening = watched.context.waitForEvent('page');
    await page.getByRole('link', { name: 'View Brief.pdf in a new tab' }).click();
    const tab = await opening;
    // The Chromium from npm has no PDF viewer.
    if (await page.evaluate('navigator.pdfViewerEnabled')) {
      await tab.waitForLoadState();
      expect(new URL(tab.url()).pathname).to.match(/^\/documents\/.+\/view$/);
      expect(await tab.evaluate('document.contentType')).to.equal('application/pdf');
    } else {
      const download = await downloading;
      expect(download.suggestedFilename()).to.equal('Brief.pdf');
      expect((await bytesOf(download)).equals(bytes)).to.equal(true);
    }
    expect(complaints).to.deep.equal([]);
    expect((await fixture.audit('document.downloaded')).at(-1)?.metadata.purpose).to.equal('view');
  });

  it('sends nothing and says what to do when the session has ended', async () => {
    await open();
    await watched.context.clearCookies();
    await choose(file('Brief.pdf', pdf(50_000)));
    await upload();
    await page.getByText(/^You are signed out\. Sign in in another tab/).waitFor();
    expect(await rows()).to.equal(0);
  });
});
