import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { goodPassword, openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';
import { openBrowser } from '../support/browser.ts';
import { totp } from '../support/totp.ts';
import { watchedPage, type WatchOptions } from '../support/watched-page.ts';

const ways: [string, WatchOptions][] = [
  ['at a desk', { width: 1280 }],
  ['on a small phone, in light and dark', { width: 320 }],
  ['without JavaScript', { width: 320, javaScript: false }],
];

describe('an account in a browser', function () {
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

  for (const [index, [way, options]] of ways.entries()) {
    it(`is opened by invitation, secured with an app, and signed in to ${way}`, async () => {
      const email = `lena${index}@examdesk.example`;
      await fixture.app.system.services.accounts.invite(
        { email, role: 'support' },
        await fixture.actor('ada@examdesk.example'),
      );
      const { path } = await fixture.mailTo(email, /invitation/);
      const watched = await watchedPage(browser, fixture.app.url, options);
      const { page, context } = watched;
      const check = () => (options.width === 320 ? watched.checkBothSchemes() : watched.check());
      try {
        await page.goto(path);
        await check();
        await page.getByLabel('Your name').fill('Lena Ortiz');
        await page.getByLabel('Password').fill(goodPassword);
        await page.getByRole('button', { name: 'Open my account' }).click();
        await page.waitForURL('**/account/two-factor');
        await check();
        await page.getByLabel('Your password').fill(goodPassword);
        await page.getByRole('button', { name: 'Set it up' }).click();
        await page.waitForSelector('.qr svg');
        await check();
        const secret = await page.locator('.secret').innerText();
        await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret));
        await page.getByRole('button', { name: 'Turn it on' }).click();
        await page.waitForSelector('.recovery-codes');
        await check();
        expect(await page.locator('.recovery-codes li').count()).to.equal(10);

        await context.clearCookies();
        await page.goto('/account');
        await page.getByLabel('E-mail address').fill(email);
        await page.getByLabel('Password').fill(goodPassword);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.waitForURL('**/sign-in/code**');
        await check();
        await page.getByRole('textbox', { name: 'Code' }).fill(totp(secret, 1));
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.waitForURL('**/account');
        await check();
        for (const next of [
          '/account/email',
          '/account/password',
          '/account/sessions',
          '/account/two-factor',
        ]) {
          if (!page.url().endsWith('/account')) await page.goto('/account');
          await page.locator(`main a[href="${next}"]`).click();
          await page.waitForURL(`**${next}`);
          await check();
        }
      } finally {
        await watched.close();
      }
    });
  }
});
