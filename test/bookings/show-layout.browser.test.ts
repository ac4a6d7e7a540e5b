// The booking page's layout in a real browser.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

describe('layout of the booking page', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  before(async () => {
    [browser, fixture] = await Promise.all([openBrowser(), openDocumentFixture()]);
  });
  after(async () => {
    await browser.close();
    await fixture.close();
  });

  for (const email of ['rita@harbour-legal.example', 'ada@examdesk.example'])
    it(`separates the cards and keeps the header in one line when ${email} opens it, 1280 and 390 px wide`, async () => {
      const watched = await watchedPage(browser, fixture.app.url, { width: 1280 });
      const { page } = watched;
      const inBothWidths = async (name: string, look: () => Promise<void>) => {
        for (const [width, colorScheme] of [
          [1280, 'light'],
          [390, 'dark'],
        ] as const) {
          await watched.resize(width);
          await page.emulateMedia({ colorScheme });
          await watched.check();
          if (shots)
            await page.screenshot({ path: `${shots}/${name}-${email}-${width}.png`, fullPage: true });
          await look();
        }
      };
      try {
        await watched.useSession(await fixture.app.sessionCookie(email));
        await page.goto(`/bookings/${fixture.bookingId}`);
        await page.locator('#documents').waitFor();
        await inBothWidths('booking', async () => {
          const boxes = await Promise.all(
            (await page.locator('.detail-main > .card').all()).map((card) => card.boundingBox()),
          );
          expect(boxes).to.have.length.above(2);
          const gaps = boxes.slice(1).map((box, index) => {
            const above = boxes[index];
            return (box?.y ?? 0) - ((above?.y ?? 0) + (above?.height ?? 0));
          });
          for (const gap of gaps) expect(gap).to.be.closeTo(16, 1);
          const header = await page.locator('.site-header-inner').boundingBox();
          expect(header?.height).to.be.below(70);
        });
        await page.goto(`/bookings/${fixture.bookingId}/instructions`);
        await inBothWidths('instructions', async () => undefined);
      } finally {
        await watched.close();
      }
    });

  for (const javaScript of [true, false])
    it(`opens the menu of a phone by keyboard ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
      const watched = await watchedPage(browser, fixture.app.url, { width: 320, javaScript });
      try {
        const { page } = watched;
        await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
        await page.goto('/specialists');
        const link = page.locator('.site-nav').getByRole('link', { name: 'Bookings', exact: true });
        expect(await link.isVisible()).to.equal(false);
        await page.getByRole('button', { name: 'Menu' }).focus();
        await page.keyboard.press('Enter');
        await link.waitFor();
        await watched.check();
        await page.keyboard.press('Escape');
        await link.waitFor({ state: 'hidden' });
        await page.keyboard.press('Enter');
        await link.click();
        await page.waitForURL('**/bookings');
      } finally {
        await watched.close();
      }
    });

  it('prints no form and no button', async () => {
    const watched = await watchedPage(browser, fixture.app.url, { width: 1280 });
    try {
      const { page } = watched;
      await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
      await page.emulateMedia({ media: 'print' });
      const { bookingId } = fixture;
      for (const address of [
        '',
        `/${bookingId}`,
        `/${bookingId}/reschedule`,
        `/${bookingId}/contacts`,
        `/${bookingId}/instructions`,
      ]) {
        await page.goto(`/bookings${address}`);
        await page.locator('h1').waitFor();
        if (shots)
          await page.screenshot({
            path: `${shots}/print${address.replaceAll('/', '-')}.png`,
            fullPage: true,
          });
        for (const what of ['form', 'button', 'input', 'select', 'textarea', '.button'])
          expect(await page.locator(`${what}:visible`).count(), `${what} on ${page.url()}`).to.equal(0);
        expect(await page.locator('h1').isVisible()).to.equal(true);
      }
    } finally {
      await watched.close();
    }
  });
});
