// The main pages with the demo's data in a browser as narrow as a small phone, in light and dark.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openDemoApp, type DemoApp } from '../support/demo-app.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

describe('the main pages at 320 px', function () {
  this.timeout(180_000);
  let demo: DemoApp;
  let browser: Browser;
  before(async () => {
    [demo, browser] = await Promise.all([openDemoApp(), openBrowser()]);
  });
  after(async () => {
    await browser.close();
    await demo.close();
  });

  it('have no axe finding, policy report or sideways scroll, neither in light nor in dark', async () => {
    const watched = await watchedPage(browser, demo.app.url, { width: 320 });
    const { page } = watched;
    const faults: string[] = [];
    try {
      for (const { email, addresses } of demo.readers) {
        await watched.useSession(await demo.app.sessionCookie(email));
        for (const [number, address] of addresses.entries()) {
          await page.goto(address);
          if (shots)
            for (const colorScheme of ['light', 'dark'] as const) {
              await page.emulateMedia({ colorScheme });
              const path = `${shots}/${colorScheme}-${email.slice(0, 4)}-${number}.png`;
              await page.screenshot({ path, fullPage: true });
            }
          await watched
            .checkBothSchemes()
            .catch((fault: Error) => void faults.push(`${address}: ${fault.message}`));
        }
      }
    } finally {
      await watched.close();
    }
    expect(faults).to.deep.equal([]);
  });
});
