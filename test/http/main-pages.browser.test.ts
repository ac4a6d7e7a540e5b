// The main pages with the demo's data in a browser as narrow as a small phone, in light and dark.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openDemoApp, type DemoApp } from '../support/demo-app.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

interface Cut {
  scrollWidth: number;
  clientWidth: number;
  textContent: string;
}
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

  it('keep the main menu in one line, or behind a button', async () => {
    const watched = await watchedPage(browser, demo.app.url, { width: 768 });
    const { page } = watched;
    try {
      await watched.useSession(await demo.app.sessionCookie('rita@harbour-legal.example'));
      for (const width of [768, 992, 993, 1024]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto('/account');
        const height = await page.evaluate(`document.querySelector('.site-header').offsetHeight`);
        expect(height, `${width} px`).to.be.below(80);
      }
    } finally {
      await watched.close();
    }
  });

  it('show long names whole: in a list above how the booking stands, in a heading, and in the search', async () => {
    const watched = await watchedPage(browser, demo.app.url, { width: 390 });
    const { page } = watched;
    const named = { examinee_last_name: 'Featherstonehaugh-Cholmondeley' };
    try {
      await demo.app.db('bookings').where({ examinee_last_name: 'Okoro' }).update(named);
      await watched.useSession(await demo.app.sessionCookie('rita@harbour-legal.example'));
      await page.goto('/bookings?tab=past');
      const row = page.locator('.list-rows tr', { hasText: named.examinee_last_name });
      const boxes = await Promise.all(
        ['.list-who', '.list-progress .tag'].map((part) => row.locator(part).first().boundingBox()),
      );
      const [name, state] = boxes as { x: number; y: number; height: number }[];
      expect(state!.y).to.be.at.least(name!.y + name!.height);
      expect(state!.x).to.be.closeTo(name!.x, 1);
      const isCut = await row
        .locator('.list-progress .tag')
        .first()
        .evaluate((tag: { scrollWidth: number; clientWidth: number }) => tag.scrollWidth > tag.clientWidth);
      expect(isCut).to.equal(false);
      await watched.check();
      await page.setViewportSize({ width: 320, height: 800 });
      await row.getByRole('link', { name: 'Open booking' }).click();
      await page.getByRole('heading', { level: 1, name: named.examinee_last_name }).waitFor();
      await watched.check();
      await page.goto('/search');
      await page.getByText(named.examinee_last_name).waitFor();
      await watched.check();
    } finally {
      await demo.app.db('bookings').where(named).update({ examinee_last_name: 'Okoro' });
      await watched.close();
    }
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
      await page.setViewportSize({ width: 390, height: 800 });
      await page.goto('/bookings?tab=upcoming');
      const marks = page.locator('.list-progress .tag:first-child');
      expect((await marks.allInnerTexts()).join()).to.match(/ \(2\)/);
      const cut = await marks.evaluateAll((tags: Cut[]) =>
        tags.filter((tag) => tag.scrollWidth > tag.clientWidth).map((tag) => tag.textContent),
      );
      expect(cut, 'cut off at 390 px').to.deep.equal([]);
      await page.setViewportSize({ width: 320, height: 800 });
      await page.goto('/?whose=all');
      expect(await page.locator('.need .tag', { hasText: 'consent form and brief' }).count()).to.be.above(0);
      await watched.check();
    } finally {
      await watched.close();
    }
  });
});
