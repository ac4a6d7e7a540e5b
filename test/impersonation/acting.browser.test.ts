import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;

describe('acting as a referrer in a browser', function () {
  this.timeout(90_000);
  let browser: Browser;
  let app: TestApp;
  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp()]);
  });
  after(async () => {
    await browser.close();
    await app.close();
  });

  const isFor = (query: string, url: string) => new URL(url).searchParams.get('q') === query;

  it('shows what the last words find when the answers to earlier ones are late', async () => {
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    const late = Promise.withResolvers<void>();
    try {
      await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
      await page.goto('/admin/act-as');
      await page.route('**/admin/act-as?q=*', async (route) => {
        if (!isFor('nadia', route.request().url())) await late.promise;
        await route.continue();
      });
      for (const words of ['harbour', 'rita']) {
        const asked = page.waitForRequest((request) => isFor(words, request.url()));
        await page.locator('#q').fill(words);
        await asked;
      }
      await page.locator('#q').fill('nadia');
      const found = page.locator('#found a.found-one');
      await found.filter({ hasText: 'Nadia Karim' }).waitFor();
      late.resolve();
      await page.locator('.htmx-request').first().waitFor({ state: 'detached' });
      expect(await found.allInnerTexts()).to.have.length(1);
    } finally {
      late.resolve();
      await watched.close();
    }
  });

  it('moves through the results with the arrow keys, and keeps the chosen one, never another, when a late answer arrives', async () => {
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    const focused = () =>
      page.evaluate(
        `document.querySelector('[aria-selected=true]')?.textContent ?? document.activeElement.id`,
      );
    const search = async (query: string) => {
      const answer = page.waitForResponse((response) => isFor(query, response.url()));
      // As an answer that comes late: a result is chosen already.
      await page.evaluate(
        `const box = document.querySelector('#q'); box.value = '${query}'; box.dispatchEvent(new Event('input', { bubbles: true }))`,
      );
      await answer;
      await page.locator('.htmx-request').first().waitFor({ state: 'detached' });
    };
    try {
      await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
      await page.goto('/admin/act-as');
      await search('harbour');
      await page.locator('#q').focus();
      await page.keyboard.press('ArrowDown');
      const first = await focused();
      await page.keyboard.press('ArrowDown');
      const second = await focused();
      expect(second).not.to.equal(first);
      // The last is the last.
      await page.keyboard.press('ArrowDown');
      expect(await focused()).to.equal(second);
      await search('harbour legal');
      expect(await focused()).to.equal(second);
      await page.keyboard.press('ArrowUp');
      expect(await focused()).to.equal(first);
      await search('nadia');
      expect(await focused()).to.equal('q');
      await page.keyboard.press('ArrowDown');
      expect(await focused()).to.contain('Nadia Karim');
      await page.keyboard.press('ArrowUp');
      expect(await focused()).to.equal('q');
      await page.keyboard.press('ArrowUp');
      expect(await focused()).to.equal('q');
      await watched.check();
    } finally {
      await watched.close();
    }
  });

  for (const width of [1280, 390]) {
    it(`starts and stops by keyboard alone, from any page, at ${width} pixels`, async () => {
      const watched = await watchedPage(browser, app.url, { width });
      const { page } = watched;
      const look = async (name: string) => {
        await watched.check();
        if (shots) await page.screenshot({ path: `${shots}/acting-${name}-${width}.png`, fullPage: true });
      };
      try {
        await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
        await page.goto('/specialists');
        await page.keyboard.press('Control+k');
        await page.waitForURL('**/admin/act-as');
        await page.locator('#q:focus').waitFor();
        await page.keyboard.type('alvarz rita');
        await page.waitForSelector('#found a.found-one:has-text("Rita Alvarez")');
        await look('search');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.waitForURL('**/admin/act-as?user=*');
        await page.getByLabel('Why').fill('On the phone');
        await look('confirm');
        await page.getByRole('button', { name: 'Act as Rita Alvarez' }).click();
        await page.waitForURL('**/bookings');
        expect(await page.locator('.acting-banner').innerText()).to.contain('Acting as Rita Alvarez');
        await look('acting');
        await page.getByRole('button', { name: 'Stop acting' }).click();
        await page.waitForURL('**/specialists');
        expect(await page.locator('.acting-banner').count()).to.equal(0);
        const { id } = (await app.db('impersonations').orderBy('started_at', 'desc').first('id')) as {
          id: string;
        };
        await page.goto(`/admin/episodes/${id}`);
        expect(await page.locator('main').innerText()).to.contain('Page: List of bookings');
        await look('episode');
        await page.goto('/admin/episodes');
        await look('episodes');
        await page.getByRole('searchbox').fill('rita');
        await page.keyboard.press('Enter');
        await page.getByText('Show all').waitFor();
        await page.locator('.row-link').first().waitFor();
      } finally {
        await watched.close();
      }
    });
  }
});
