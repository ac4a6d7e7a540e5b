import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openAccountHouse, type AccountHouse } from '../support/account-house.ts';
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
  let house: AccountHouse;
  before(async () => {
    [browser, house] = await Promise.all([openBrowser(), openAccountHouse()]);
  });
  after(async () => {
    await browser.close();
    await house.close();
  });

  for (const [way, options] of ways) {
    it(`page keeps what was unticked by keyboard ${way}`, async () => {
      await house.app.db('mail_preferences').delete();
      const watched = await watchedPage(browser, house.app.url, options);
      const { page } = watched;
      try {
        await watched.useSession(await house.app.sessionCookie('rita@harbour-legal.example'));
        await page.goto('/account');
        await page.getByRole('link', { name: /E-mails/ }).click();
        const documents = page.getByRole('checkbox', { name: 'Documents' });
        await watched.check();
        await documents.focus();
        await page.keyboard.press('Space');
        await page.keyboard.press('Enter');
        await page.waitForURL('**/account/mail?done=saved');
        await watched.check();
        expect(await documents.isChecked()).to.equal(false);
        expect(await page.getByRole('checkbox', { name: 'Reports' }).isChecked()).to.equal(true);
        expect(await page.locator('.notice').innerText()).to.equal('Your choice is saved.');
      } finally {
        await watched.close();
      }
    });
  }
});
