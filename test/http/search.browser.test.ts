import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { aBookingOf } from '../support/console-records.ts';
import { until } from '../support/until.ts';
import { createVisitor, markupErrors } from '../support/visitor.ts';
import { watchedPage } from '../support/watched-page.ts';

const rita = 'rita@harbour-legal.example';
const shots = process.env.SEARCH_SHOTS;
const optionsOf = (page: Page) => page.getByRole('dialog').getByRole('option');

describe('the search', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser;
  before(async () => {
    [app, browser] = await Promise.all([startTestApp(), openBrowser()]);
    for (let count = 0; count < 12; count += 1)
      await aBookingOf(app.db, 'rita', { examinee_first_name: 'Ewan', examinee_last_name: 'Marsh' });
    await aBookingOf(app.db, 'nadia', {
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marshall',
    });
  });
  after(async () => {
    await browser.close();
    await app.close();
  });

  const search = async (email: string, words: string) => {
    const visitor = await app.signedInVisitor(email);
    const visit = await visitor.post('/search', { q: words });
    return {
      visit,
      groups: visit.texts('.found-group h2'),
      found: (group: string) => visit.texts(`ul[aria-labelledby="found-${group}"] strong`),
    };
  };

  it('works as a page without JavaScript, with the words sealed in its address', async () => {
    const { visit, found } = await search(rita, 'ewan marsh');
    expect(await markupErrors(visit)).to.deep.equal([]);
    expect(visit.at)
      .to.match(/^\/search\?find=/)
      .and.not.match(/marsh/i);
    expect(visit.attribute('#search-words', 'value')).to.equal('ewan marsh');
    // Ten, and the way to the others.
    expect(found('bookings')).to.have.length(11);
    const all = visit.attribute('ul[aria-labelledby="found-bookings"] li:last-child a', 'href');
    const list = await (await app.signedInVisitor(rita)).get(all);
    expect(list.status).to.equal(200);
    const plain = await (await app.signedInVisitor(rita)).get('/search?q=marsh');
    expect(plain.at).to.match(/^\/search\?find=/);
  });

  it('finds bookings of the own organisation only, and all of them for staff', async () => {
    expect((await search('nadia@northside-claims.example', 'marsh')).found('bookings')).to.deep.equal([
      'Ewan Marshall',
    ]);
    expect((await search(rita, 'marshall')).found('bookings')).to.deep.equal([]);
    expect((await search('sam@examdesk.example', 'marshall')).found('bookings')).to.deep.equal([
      'Ewan Marshall',
    ]);
  });

  it('finds specialists by name, specialty and place, and the pages that the viewer may open', async () => {
    expect((await search(rita, 'amelia hart')).found('specialists')[0]).to.contain('Amelia Hart');
    expect((await search(rita, 'notif')).found('pages')).to.deep.equal(['E-mails']);
    expect((await search(rita, 'act as')).found('pages')).to.deep.equal([]);
    expect((await search('ada@examdesk.example', 'act as')).found('pages')).to.include('Act as a referrer');
    const { visit, groups } = await search(rita, '');
    expect(visit.at).to.equal('/search');
    expect(groups).to.deep.equal(['Pages']);
    const opened = await aBookingOf(app.db, 'rita', {});
    await (await app.signedInVisitor(rita)).get(`/bookings/${opened}`);
    const recent = await search(rita, '');
    expect(recent.groups).to.deep.equal(['Bookings you opened last', 'Pages']);
    expect(recent.visit.attribute('ul[aria-labelledby="found-recent"] a', 'href')).to.equal(
      `/bookings/${opened}`,
    );
    expect((await search(rita, 'qqqq zzzz')).visit.text('#search-found')).to.contain('Nothing found');
  });

  it('answers anonymous visitors, and words that are too long, as other pages do', async () => {
    expect((await createVisitor(app.url).get('/search')).at).to.match(/^\/sign-in/);
    expect((await search(rita, 'x'.repeat(300))).visit.status).to.equal(422);
  });

  for (const [name, options] of [
    ['at a desk', { width: 1280 }],
    ['on a phone in the dark', { width: 390, colorScheme: 'dark' as const }],
  ] as const)
    it(`opens over a page, finds as one types, and is used by keyboard alone ${name}`, async () => {
      const watched = await watchedPage(browser, app.url, options);
      const { page } = watched;
      try {
        await watched.useSession(await app.sessionCookie(rita));
        await page.goto('/bookings');
        // Where somebody types, the key is a letter.
        await page.locator('#q').press('/');
        expect(await page.locator('#q').inputValue()).to.equal('/');
        await page.locator('#q').fill('');
        await page.locator('h1').click();
        await page.keyboard.press('/');
        const box = page.getByRole('combobox', { name: /Search bookings/ });
        await box.and(page.locator(':focus')).waitFor();
        expect(await box.inputValue()).to.equal('');
        await watched.check();
        await page.keyboard.type('amelia');
        // Not what was listed before: a booking with her, opened last.
        await optionsOf(page).first().filter({ hasText: 'Orthopaedic surgeon Dr Amelia Hart' }).waitFor();
        await page.keyboard.press('ArrowDown');
        // The answer to the last letter may replace the list between two reads.
        const chosen = page.locator('[aria-selected="true"]');
        await until(
          async () => (await box.getAttribute('aria-activedescendant')) === (await chosen.getAttribute('id')),
        );
        await watched.check();
        if (shots) await page.screenshot({ path: `${shots}/search-${options.width}.png` });
        const wanted = await chosen.getAttribute('href');
        await page.keyboard.press('Enter');
        await page.waitForURL((url) => url.pathname + url.search === wanted);
        expect(page.url()).not.to.match(/amelia/i);
      } finally {
        await watched.close();
      }
    });

  it('keeps the chosen link in a list that replaces another, and chooses no other in its place', async () => {
    const opened = await aBookingOf(app.db, 'rita', {});
    await (await app.signedInVisitor(rita)).get(`/bookings/${opened}`);
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    const box = page.getByRole('dialog').getByRole('combobox');
    const chosen = page.locator('[aria-selected="true"]');
    const amelia = optionsOf(page).first().filter({ hasText: 'Orthopaedic surgeon Dr Amelia Hart' });
    const answers = { a: Promise.withResolvers<void>(), amelia: Promise.withResolvers<void>() };
    try {
      await watched.useSession(await app.sessionCookie(rita));
      await page.route('**/search', async (route) => {
        const words = new URLSearchParams(route.request().postData() ?? '').get('q');
        if (words === 'a' || words === 'amelia') await answers[words].promise;
        await route.continue();
      });
      await page.goto('/specialists');
      await page.keyboard.press('/');
      await optionsOf(page).first().filter({ hasText: 'Ewan Marsh' }).waitFor();
      await box.fill('a');
      await page.keyboard.press('ArrowDown');
      expect(await chosen.getAttribute('href')).to.equal(`/bookings/${opened}`);
      answers.a.resolve();
      await amelia.waitFor();
      expect(await chosen.count()).to.equal(0);
      expect(await box.getAttribute('aria-activedescendant')).to.equal(null);
      await box.fill('amelia');
      await page.keyboard.press('ArrowDown');
      const href = await chosen.getAttribute('href');
      expect(href).to.match(/^\/specialists\//);
      answers.amelia.resolve();
      await optionsOf(page).filter({ hasText: 'Dr Bruno Keller' }).waitFor({ state: 'detached' });
      expect(await chosen.getAttribute('href')).to.equal(href);
    } finally {
      await watched.close();
    }
  });

  it('opens by Ctrl+K and by its link, closes by Escape, and leaves / alone once that is switched off', async () => {
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    const dialog = page.getByRole('dialog', { name: 'Search' });
    try {
      await watched.useSession(await app.sessionCookie(rita));
      await page.goto('/specialists');
      await page.keyboard.press('Control+k');
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      await page.getByRole('link', { name: 'Search' }).click();
      await dialog.waitFor();
      await dialog.getByRole('button', { name: 'Turn off the key /' }).click();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await page.keyboard.press('/');
      await page.keyboard.press('Control+k');
      await dialog.waitFor();
      expect(await dialog.getByRole('combobox').inputValue()).to.equal('');
    } finally {
      await watched.close();
    }
  });

  it('opens once when its keys are pressed again before it is there', async () => {
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    const answer = Promise.withResolvers<void>();
    let asked = 0;
    try {
      await watched.useSession(await app.sessionCookie(rita));
      await page.goto('/specialists');
      await page.route('**/search', async (route) => {
        asked += 1;
        await answer.promise;
        await route.continue();
      });
      const first = page.waitForRequest('**/search');
      for (const key of ['/', 'Control+k', '/']) await page.keyboard.press(key);
      await first;
      answer.resolve();
      await page
        .getByRole('dialog', { name: 'Search' })
        .getByRole('combobox')
        .and(page.locator(':focus'))
        .waitFor();
      expect(asked).to.equal(1);
    } finally {
      answer.resolve();
      await watched.close();
    }
  });

  it('leaves Ctrl+K of an admin to the people they act as, and opens by /', async () => {
    const watched = await watchedPage(browser, app.url, { width: 1280 });
    const { page } = watched;
    try {
      await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
      await page.goto('/specialists');
      await page.keyboard.press('/');
      await page.getByRole('dialog', { name: 'Search' }).waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+k');
      await page.waitForURL('**/admin/act-as');
    } finally {
      await watched.close();
    }
  });
});
