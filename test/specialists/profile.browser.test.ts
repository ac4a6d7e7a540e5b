import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';
import { projectRoot } from '../support/stack.ts';
import { watchedPage } from '../support/watched-page.ts';

const ada = 'ada@examdesk.example';
const rita = 'rita@harbour-legal.example';

describe('the page of a specialist in Chromium', function () {
  this.timeout(60_000);
  let app: TestApp;
  let storage: TestStorage;
  let browser: Browser;
  let portrait: Buffer;
  let here: string;

  before(async () => {
    [browser, storage] = await Promise.all([openBrowser(), openTestStorage()]);
    app = await startTestApp({ env: storage.env });
    portrait = await readFile(path.join(projectRoot, 'seeds/demo/portraits/7001.png'));
    here = `/specialists/${(await app.system.services.specialists.findByCalendar(7001))?.id}`;
  });
  after(async () => {
    await browser.close();
    await app.close();
    await storage.close();
  });

  it('gets its photo from an admin without JavaScript, and shows it to referrers', async () => {
    const admin = await watchedPage(browser, app.url, { width: 390, javaScript: false });
    await admin.useSession(await app.sessionCookie(ada));
    await admin.page.goto(here);
    await admin.page.getByRole('link', { name: 'Photo and CV' }).click();
    await admin.page
      .locator('#photo')
      .setInputFiles({ name: 'Hart.png', mimeType: 'image/png', buffer: portrait });
    await admin.page.getByRole('button', { name: 'Save photo' }).click();
    await admin.page.getByText('Photo saved').waitFor();
    await admin.check();
    await admin.close();

    const referrer = await watchedPage(browser, app.url, { width: 1280 });
    await referrer.useSession(await app.sessionCookie(rita));
    await referrer.page.goto(here);
    const photo = referrer.page.getByRole('img', { name: 'Portrait of Dr Amelia Hart' });
    await photo.waitFor();
    expect(await referrer.page.evaluate(`document.querySelector('.profile-photo').naturalWidth`)).to.equal(
      256,
    );
    await referrer.page.getByRole('button', { name: 'Book in person' }).click();
    await referrer.page.waitForURL(/\/bookings\/new\/[^/]+\/time/);
    await referrer.close();
  });

  for (const [width, colorScheme] of [
    [320, 'dark'],
    [1280, 'light'],
  ] as const) {
    it(`has no axe violations, nor do the list and the form (${width} px, ${colorScheme})`, async () => {
      const watched = await watchedPage(browser, app.url, { width, colorScheme });
      await watched.useSession(await app.sessionCookie(ada));
      for (const address of [here, `${here}/files`, '/specialists']) {
        await watched.page.goto(address);
        await watched.check();
      }
      await watched.page.goto(`${here}/files`);
      await watched.page
        .locator('#cv')
        .setInputFiles({ name: 'Hart.png', mimeType: 'image/png', buffer: portrait });
      await watched.page.getByRole('button', { name: 'Save CV' }).click();
      await watched.page.getByRole('link', { name: /Use a PDF/ }).waitFor();
      await watched.check();
      await watched.close();
    });
  }
});
