import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';
import { openBrowser } from '../support/browser.ts';
import { watchedPage, type WatchOptions } from '../support/watched-page.ts';

const ways: [string, WatchOptions][] = [
  ['on a small phone', { width: 320 }],
  ['at a desk, in the dark', { width: 1280, colorScheme: 'dark' }],
  ['without JavaScript', { width: 390, javaScript: false }],
];

describe('the choice of e-mails in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let fixture: AccountFixture;
  before(async () => {
    [browser, fixture] = await Promise.all([openBrowser(), openAccountFixture()]);
  });
  after(async () => {
    await browser.close();
    await fixture.close();
  });

  for (const [way, options] of ways) {
    it(`page keeps what was chosen by keyboard ${way}`, async () => {
      await fixture.app.db('mail_preferences').delete();
      const watched = await watchedPage(browser, fixture.app.url, options);
      const { page } = watched;
      try {
        await watched.useSession(await fixture.app.sessionCookie('rita@harbour-legal.example'));
        await page.goto('/account');
        await page.getByRole('link', { name: /E-mails/ }).click();
        const documents = page.getByRole('combobox', { name: 'Document added' });
        await watched.check();
        await documents.focus();
        await documents.selectOption('Daily digest');
        await page.getByRole('button', { name: 'Save' }).press('Enter');
        await page.waitForURL('**/account/mail?done=saved');
        await watched.check();
        expect(await documents.inputValue()).to.equal('daily');
        expect(await page.getByRole('combobox', { name: 'Report ready' }).inputValue()).to.equal('at_once');
        expect(await page.locator('.notice').innerText()).to.equal('Your choice is saved.');
      } finally {
        await watched.close();
      }
    });
  }
});
