// An admin finds out what is wrong, from the console's first page.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openDoctorStack, type DoctorStack } from '../support/doctor-stack.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

const readers = [
  { name: 'on a desktop', width: 1280, javaScript: true, colorScheme: 'light' },
  { name: 'on a narrow phone in dark colours', width: 320, javaScript: true, colorScheme: 'dark' },
  { name: 'without JavaScript', width: 1280, javaScript: false, colorScheme: 'dark' },
] as const;

describe('the system check in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let stack: DoctorStack;
  before(async () => {
    [browser, stack] = [await openBrowser(), await openDoctorStack()];
  });
  after(async () => {
    await stack.close();
    await browser.close();
  });

  for (const { name, ...options } of readers) {
    it(`shows an admin what is wrong and where to mend it, ${name}`, async () => {
      const watched = await watchedPage(browser, stack.app.url, options);
      const { page } = watched;
      try {
        await watched.useSession(await stack.app.sessionCookie('ada@examdesk.example'));
        if (options.javaScript) {
          await page.goto('/admin');
          await page.getByRole('link', { name: 'System check' }).first().click();
        } else await page.goto('/admin/doctor');
        await watched.check();
        await page.getByRole('button', { name: 'Check now' }).click();
        await page.getByRole('heading', { name: 'In order' }).waitFor();
        await watched.check();
        if (shots)
          await page.screenshot({
            path: `${shots}/doctor-${options.width}-${options.colorScheme}.png`,
            fullPage: true,
          });
        expect(await page.getByRole('region', { name: 'Webhook in Acuity' }).innerText()).to.contain('Wrong');
        await page.getByRole('link', { name: 'Connect Acuity' }).click();
        await page.getByRole('heading', { level: 1, name: 'Acuity connection' }).waitFor();
      } finally {
        await watched.close();
      }
    });
  }
});
