// Uploading, opening and deleting documents in a real browser: with and without JavaScript, and on a phone.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { executable, pdf, samples } from '../support/builders/files.ts';
import { bytesOf, launchBrowser } from '../support/browser.ts';
import { chooseFiles } from '../support/choose-files.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { watchedPage, type Watched, type WatchOptions } from '../support/watched-page.ts';

describe('documents in a real browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  let watched: Watched;

  before(async () => {
    [browser, fixture] = await Promise.all([launchBrowser(), openDocumentFixture()]);
  });
  after(async () => {
    await fixture.close();
    await browser.close();
  });
  afterEach(() => watched.close());

  const cases: WatchOptions[] = [
    { width: 1280 },
    { width: 390, colorScheme: 'dark' },
    { width: 390, javaScript: false },
  ];
  for (const options of cases) {
    const hasScript = options.javaScript !== false;
    const how = `${options.width} px${hasScript ? '' : ', no script'}`;
    it(`can be uploaded, refused, opened and deleted (${how})`, async () => {
      watched = await watchedPage(browser, fixture.app.url, options);
      const { page } = watched;
      await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
      await page.goto(`/bookings/${await fixture.newBooking()}`);
      await watched.check();

      await page.getByLabel('Category').selectOption('brief');
      const files = [
        { name: 'Brief.pdf', buffer: pdf(5_500_000) },
        { name: 'note.txt', buffer: samples.txt },
      ];
      await chooseFiles(page.getByLabel('Files'), ...files);
      await page.getByRole('button', { name: 'Upload' }).click();
      if (hasScript) await page.getByRole('link', { name: 'note.txt', exact: true }).waitFor();
      else await page.getByText('The documents were stored.').waitFor();
      await watched.check();

      await page.getByLabel('Category').selectOption('other');
      await chooseFiles(page.getByLabel('Files'), { name: 'invoice.pdf', buffer: executable });
      await page.getByRole('button', { name: 'Upload' }).click();
      if (hasScript) await page.getByText(/^The file is not an accepted file type/).waitFor();
      else {
        await page.getByRole('alert').getByText('File 1 is not an accepted file type').waitFor();
        expect(await page.getByLabel('Category').inputValue()).to.equal('other');
      }
      await watched.check();

      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: 'note.txt', exact: true }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).to.equal('note.txt');
      expect((await bytesOf(download)).equals(samples.txt)).to.equal(true);

      await page.getByRole('link', { name: 'Receipt for note.txt' }).click();
      await page.getByRole('heading', { name: 'Receipt', exact: true }).waitFor();
      await watched.check();
      await page.getByRole('link', { name: /^Booking EX-/ }).click();
      await page.getByRole('link', { name: 'Delete note.txt' }).click();
      await watched.check();
      await page.getByRole('button', { name: 'Delete the document' }).click();
      await page.getByText('The document was deleted.').waitFor();
      await page.waitForLoadState();
      expect(await page.getByRole('link', { name: 'note.txt', exact: true }).count()).to.equal(0);
    });
  }
});
