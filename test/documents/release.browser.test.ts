// Staff release and recall a report; it appears on the referrer's open page and disappears again.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { pdf } from '../support/builders/files.ts';
import { openBrowser } from '../support/browser.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

const readers = [
  { name: 'on a desktop', width: 1280, javaScript: true, colorScheme: 'light' },
  { name: 'on a narrow phone in dark colours', width: 320, javaScript: true, colorScheme: 'dark' },
  { name: 'without JavaScript', width: 1280, javaScript: false, colorScheme: 'light' },
] as const;

describe('releasing a report in a browser', function () {
  this.timeout(180_000);
  let browser: Browser;
  let fixture: DocumentFixture;
  before(async () => {
    [browser, fixture] = await Promise.all([openBrowser(), openDocumentFixture()]);
  });
  after(async () => {
    await browser.close();
    await fixture.close();
  });

  for (const { name, ...options } of readers) {
    it(`the referrer sees the report when it is released, until it is recalled, ${name}`, async () => {
      const bookingId = await fixture.newBooking();
      const sam = await fixture.app.signIn('sam@examdesk.example');
      await fixture.upload({ 'Report.pdf': pdf(20_000) }, { category: 'report', agent: sam, bookingId });
      const [staff, referrer] = [
        await watchedPage(browser, fixture.app.url, options),
        await watchedPage(browser, fixture.app.url, options),
      ];
      const { page } = staff;
      const look = async (what: string) => {
        await staff.check();
        if (shots)
          await page.screenshot({ path: `${shots}/release-${what}-${options.width}.png`, fullPage: true });
      };
      const theirs = referrer.page.getByRole('link', { name: 'Report.pdf', exact: true });
      const soon = async (state: 'attached' | 'detached') => {
        if (!options.javaScript) await referrer.page.reload();
        await theirs.waitFor({ state });
        await referrer.check();
      };
      try {
        await referrer.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
        await referrer.page.goto(`/bookings/${bookingId}`);
        await referrer.page.getByText('No documents yet.').waitFor();

        await staff.useSession(await fixture.app.sessionCookie('sam@examdesk.example'));
        await page.goto(`/bookings/${bookingId}`);
        await page.locator('.document .tag', { hasText: 'Draft' }).waitFor();
        await look('draft');
        await page.getByRole('link', { name: 'Release Report.pdf to the referrer' }).click();
        await page.getByRole('heading', { name: 'Release this report?' }).waitFor();
        await look('form');
        const box = (person: string) => page.getByRole('checkbox', { name: new RegExp(person) });
        expect(await box('Rita Alvarez').isChecked()).to.equal(true);
        expect(await box('Rob Petersen').isChecked()).to.equal(false);
        expect(await page.getByRole('checkbox').count()).to.equal(2);
        // By keyboard.
        await box('Rita Alvarez').focus();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Space');
        expect(await box('Rob Petersen').isChecked()).to.equal(true);
        await page.getByRole('button', { name: 'Release the report' }).click();
        await page.getByText('The report was released. The people you chose get an e-mail.').waitFor();
        await look('released');
        expect(await page.locator('.document .tag').allInnerTexts()).to.deep.equal(['Released']);
        await soon('attached');
        const row = referrer.page.locator('.document');
        expect(await row.locator('.tag').innerText()).to.equal('Released');
        expect(await row.locator('.document-facts').innerText()).to.match(
          /· released \w{3} \d+ \w{3} \d{4}, \d+:\d\d.[ap]m (AWST|AE[DS]T)$/,
        );

        const waiting = referrer.page.waitForEvent('download');
        await theirs.click();
        expect((await waiting).suggestedFilename()).to.equal('Report.pdf');

        await page.getByRole('link', { name: 'Recall Report.pdf' }).click();
        await page.getByText('Rita Alvarez downloaded it').waitFor();
        await look('recall');
        await page.getByRole('button', { name: 'Recall the report' }).click();
        await page.getByText('The report was recalled. The referrer no longer sees it.').waitFor();
        await soon('detached');

        await page.getByRole('link', { name: 'Receipt for Report.pdf' }).click();
        await page.getByText('Chosen to be told: Rita Alvarez, Rob Petersen').waitFor();
        await look('receipt');
      } finally {
        await staff.close();
        await referrer.close();
      }
    });
  }
});
