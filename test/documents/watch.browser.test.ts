// The list of documents on an open page updates itself: others' changes and scan verdicts appear.
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { Scanner } from '../../src/ports/scanner.ts';
import { pdf, samples } from '../support/builders/files.ts';
import { openBrowser } from '../support/browser.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const scanner: Scanner = {
  ping: () => Promise.resolve(),
  async scan(content) {
    for await (const _ of content as AsyncIterable<Buffer>);
    return { verdict: 'clean' };
  },
};

describe('the list of documents on an open page', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  let watched: Watched;
  let page: Page;

  before(async () => {
    [browser, fixture] = await Promise.all([
      openBrowser(),
      openDocumentFixture({ overrides: { documents: { scanner } } }),
    ]);
  });
  after(async () => {
    await fixture.close();
    await browser.close();
  });
  afterEach(() => watched.close());

  it('shows late scan verdicts and colleagues’ changes, and keeps the focus and scroll position', async () => {
    watched = await watchedPage(browser, fixture.app.url, { width: 1280 });
    ({ page } = watched);
    await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
    await page.goto(`/bookings/${fixture.bookingId}`);
    const link = (name: string) => page.getByRole('link', { name, exact: true });

    await page.getByText('drop files onto this box').waitFor();
    await page.getByLabel('Category').selectOption('brief');
    await page.getByLabel('Files').setInputFiles({ name: 'Brief.pdf', mimeType: '', buffer: pdf(20_000) });
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByText('Being checked for viruses').waitFor();
    expect(await link('Brief.pdf').count()).to.equal(0);
    await page.getByRole('link', { name: 'Receipt for Brief.pdf' }).focus();

    const [{ id = '' } = {}] = (await fixture.app.db('documents').select('id')) as { id?: string }[];
    await fixture.app.system.services.documentCare.scan(id);
    await link('Brief.pdf').waitFor();
    expect(await page.getByText('Being checked for viruses').count()).to.equal(0);
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('Receipt for Brief.pdf');
    expect(await page.locator('#booking-watch').innerText()).to.contain(
      'documents of this booking have changed',
    );
    await watched.check();

    const rob = await fixture.app.signIn('rob@harbour-legal.example');
    const [theirs] = await fixture.upload({ 'note.txt': samples.txt }, { agent: rob });
    await page.getByText('note.txt').first().waitFor();
    await rob.delete(theirs?.url ?? '').expect(204);
    await page.getByText('note.txt').first().waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('Receipt for Brief.pdf');
    await watched.check();
  });
});
