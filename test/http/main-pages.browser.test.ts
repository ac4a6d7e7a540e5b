// The main pages with the demo's data in a browser as narrow as a small phone, in light and dark.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openDemoApp, type DemoApp } from '../support/demo-app.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

interface Tall {
  getBoundingClientRect(): { height: number };
}

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

  it('show each entry of a list in two lines, and a long mark on home within the page', async () => {
    const watched = await watchedPage(browser, demo.app.url, { width: 320 });
    const { page } = watched;
    const entries = page.locator('.list-rows tbody tr:not(.list-part)');
    const states = page.locator('.list-progress');
    try {
      await watched.useSession(await demo.app.sessionCookie('rita@harbour-legal.example'));
      for (const width of [360, 320]) {
        await page.setViewportSize({ width, height: 800 });
        for (const address of ['/bookings', '/bookings?tab=past']) {
          await page.goto(address);
          const heights = await entries.evaluateAll((rows: Tall[]) =>
            rows.map((row) => row.getBoundingClientRect().height),
          );
          expect(heights.length, address).to.be.above(3);
          expect(Math.max(...heights), `${address} at ${width} px`).to.be.below(85);
        }
      }
      expect(await states.allInnerTexts()).to.include('Report being written');
      await page.goto('/?whose=all');
      expect(await page.locator('.need .tag', { hasText: 'consent form and brief' }).count()).to.be.above(0);
      await watched.check();
    } finally {
      await watched.close();
    }
  });
});
