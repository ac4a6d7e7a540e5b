// The one search in the console's bar: what it finds for whom, and that a booking in a referrer's name is few steps away.
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { until } from '../support/until.ts';
import { watchedPage, type WatchOptions, type Watched } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;
const ada = 'ada@examdesk.example';
const sam = 'sam@examdesk.example';

describe('the search in the console’s bar', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let booking: string;
  before(async () => {
    [app, browser] = await Promise.all([startTestApp(), openBrowser()]);
    booking = await aBookingOf(app.db, 'rita', { claim_number: 'CL-77-4201' });
    for (let count = 0; count < 11; count += 1)
      await aBookingOf(app.db, 'rita', { examinee_first_name: 'Otto', examinee_last_name: 'Quill' });
    await app.db('specialists').where({ acuity_calendar_id: 7002 }).update({ is_active: false });
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  afterEach(() => watched?.close());

  const open = async (email: string, options: WatchOptions = { width: 1280 }, path = '/admin') => {
    watched = await watchedPage(browser, app.url, options);
    ({ page } = watched);
    await watched.useSession(await app.sessionCookie(email));
    await page.goto(path);
    await page.getByRole('combobox').waitFor();
  };
  const options = () => page.getByRole('listbox', { name: 'Found' }).getByRole('option');
  const type = async (words: string, found: string | RegExp) => {
    const focused = page.getByRole('combobox').and(page.locator(':focus'));
    // Once: the bar's keys are there before the bar is.
    await page.keyboard.press('/');
    await focused.waitFor();
    await page.keyboard.type(words);
    // First in the list: what only part of the words found may contain it too, below others.
    await options().first().filter({ hasText: found }).waitFor();
  };

  /** The groups that the box shows, each with what it found. */
  const ask = async (email: string, words: string) => {
    const agent = await app.signIn(email);
    const { text } = await agent
      .post('/search')
      .set('HX-Request-Type', 'partial')
      .type('form')
      .send({ q: words, in: 'console' })
      .expect(200);
    const parts = text.split('<h2 class="found-heading"').slice(1);
    const all = (part: string, pattern: RegExp) => [...part.matchAll(pattern)].map(([, one = '']) => one);
    const partOf = (group: string) => parts.find((part) => part.startsWith(` id="found-${group}"`)) ?? '';
    return {
      groups: parts.flatMap((part) => all(part, /^[^>]*>([^<]*)</g)),
      found: (group: string) => all(partOf(group), /<strong><bdi>([^<]*)</g),
      hrefs: (group: string) => all(partOf(group), /<a [^>]*href="([^"]*)"/g),
    };
  };

  it('finds people for admins alone, with the way to act as referrers alone', async () => {
    const { found, hrefs } = await ask(ada, 'rita');
    const rita = await personOf(app.db, 'rita');
    expect(found('people')).to.deep.equal(['Rita Alvarez']);
    expect(hrefs('people')).to.deep.equal([
      `/admin/resources/users/records/${rita.id}/show`,
      `/admin/act-as?user=${rita.id}`,
    ]);
    const staff = await ask(ada, 'sam@examdesk');
    expect(staff.hrefs('people')).to.have.length(1);
    for (const email of [sam, 'rita@harbour-legal.example'])
      expect((await ask(email, 'rita')).found('people')).to.deep.equal([]);
  });

  it('finds people who are not active, without the way to act as them', async () => {
    const rob = await personOf(app.db, 'rob');
    await app.db('users').where({ id: rob.id }).update({ banned: true });
    try {
      const { found, hrefs } = await ask(ada, 'rob@harbour');
      expect(found('people')).to.include('Rob Petersen');
      expect(hrefs('people').filter((href) => href.includes(rob.id))).to.deep.equal([
        `/admin/resources/users/records/${rob.id}/show`,
      ]);
    } finally {
      await app.db('users').where({ id: rob.id }).update({ banned: false });
    }
  });

  it('finds bookings by reference, claim number and examinee, organisations, and specialists who are not active', async () => {
    const show = `/admin/resources/bookings/records/${booking}/show`;
    const { reference } = (await app.db('bookings').where({ id: booking }).first('reference'))!;
    for (const words of [reference, 'CL-77-4201', 'ewan marsh'])
      expect((await ask(sam, words)).hrefs('bookings'), words).to.deep.equal([show]);
    const { found, hrefs } = await ask(sam, 'harbour');
    expect(found('organizations')).to.deep.equal(['Harbour Legal']);
    expect(hrefs('organizations')[0]).to.match(/^\/admin\/resources\/organizations\/records\//);
    const inactive = (await app.db('specialists').where({ acuity_calendar_id: 7002 }).first('id', 'name'))!;
    expect((await ask(sam, inactive.name)).hrefs('specialists')).to.deep.equal([
      `/admin/resources/specialists/records/${inactive.id}/show`,
    ]);
    const rita = await ask('rita@harbour-legal.example', inactive.name);
    expect(rita.groups).not.to.include.members(['Specialists']);
    expect((await ask('rita@harbour-legal.example', 'harbour')).groups).not.to.include('Organisations');
  });

  it('leads to the whole list with the words sealed', async () => {
    const all = (await ask(sam, 'otto quill')).hrefs('bookings').at(-1)!;
    expect(all)
      .to.match(/^\/admin\/resources\/bookings\?filters\.search=/)
      .and.not.match(/otto|quill/i);
    await open(sam, { width: 1280 }, all);
    await page.getByText('11', { exact: true }).first().waitFor();
  });

  for (const [name, look] of [
    ['at a desk', { width: 1280 }],
    ['on a phone', { width: 320 }],
  ] as const)
    it(`opens a record by keyboard alone, without a search word in any address, in light and dark, ${name}`, async () => {
      await open(sam, look, '/admin/resources/organizations');
      const addresses: string[] = [];
      page.on('request', (request) => addresses.push(request.url()));
      await type('ewan', 'Ewan Marsh');
      await page.keyboard.press('ArrowDown');
      const chosen = page.getByRole('option', { selected: true });
      // The answer to the last letter may replace the list between two reads.
      const active = () => page.getByRole('combobox').getAttribute('aria-activedescendant');
      await until(async () => (await active()) === (await chosen.getAttribute('id')));
      await watched.checkBothSchemes();
      if (shots) await page.screenshot({ path: `${shots}/find-${look.width}-dark.png` });
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/admin/resources/bookings/records/${booking}/show`);
      await page.getByText('CL-77-4201').first().waitFor();
      expect(await options().count()).to.equal(0);
      expect(addresses.filter((address) => /ewan|marsh/i.test(address))).to.deep.equal([]);
    });

  it('records that the booking was opened, as every way to it does', async () => {
    const viewed = () =>
      app.db('audit_log').where({ action: 'booking.viewed', resource_id: booking }).pluck('id');
    const before = (await viewed()).length;
    await open(sam);
    await type('CL-77-4201', 'Ewan Marsh');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    // What was found shows the claim number too.
    await page.waitForURL(`**/admin/resources/bookings/records/${booking}/show`);
    await page.getByText('CL-77-4201').first().waitFor();
    expect((await viewed()).length).to.be.greaterThan(before);
  });

  it('has its keys as soon as the bar is there, before later scripts have arrived', async () => {
    watched = await watchedPage(browser, app.url, { width: 1280 });
    ({ page } = watched);
    const held = Promise.withResolvers<void>();
    await page.route('**/js/*.js', async (route) => {
      await held.promise;
      await route.continue();
    });
    await watched.useSession(await app.sessionCookie(sam));
    await page.goto('/admin', { waitUntil: 'commit' });
    await page.locator('[data-search-field]').waitFor();
    await type('ewan', 'Ewan Marsh');
    held.resolve();
    await page.waitForLoadState('networkidle');
    await options().first().filter({ hasText: 'Ewan Marsh' }).waitFor();
  });

  it('closes by Escape and when the focus leaves, and leaves / alone where somebody types or switched it off', async () => {
    await open(sam);
    await type('harbour', 'Harbour Legal');
    await page.keyboard.press('/');
    expect(await page.getByRole('combobox').inputValue()).to.equal('harbour/');
    await page.keyboard.press('Backspace');
    await options().first().waitFor();
    await page.keyboard.press('Escape');
    await options().first().waitFor({ state: 'hidden' });
    await page.keyboard.press('End');
    await page.keyboard.type(' l');
    await options().first().waitFor();
    await page.getByRole('button', { name: 'Turn off the key /' }).click();
    await page.getByRole('button', { name: 'Turn on the key /' }).waitFor();
    await page.getByRole('link', { name: 'Sign out' }).focus();
    await options().first().waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    expect(await page.getByRole('combobox').and(page.locator(':focus')).count()).to.equal(0);
    // Support acts as nobody: their Ctrl+K is the search, as on the portal.
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').and(page.locator(':focus')).waitFor();
  });

  for (const [width, where] of [
    [1280, 'in the bar'],
    [390, 'in the menu'],
  ] as const)
    it(`is beside the name of the person, and the way out of the console is ${where}, ${width} px wide`, async () => {
      await open(sam, { width });
      await page.getByText('Sam Whitlock').waitFor();
      expect(await page.getByText(sam).count()).to.equal(0);
      if (where === 'in the menu') await page.getByRole('button', { name: 'Menu' }).click();
      const wayOut = page.getByRole('link', { name: 'Leave the console' });
      await wayOut.waitFor();
      await watched.check();
      await wayOut.click();
      await page.waitForURL(`${app.url}/`);
    });

  it('is three steps from “a lawyer is on the phone” to a booking in their name', async () => {
    await open(ada);
    let steps = 0;
    const step = async (does: () => Promise<void>) => {
      steps += 1;
      await does();
    };
    await step(() => type('alvarez', 'Rita Alvarez'));
    await step(async () => {
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByLabel('Why').and(page.locator(':focus')).waitFor();
    });
    await watched.check();
    await step(async () => {
      await page.keyboard.type('On the phone');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
    });
    await page.waitForURL('**/bookings/new');
    await page.locator('.acting-banner', { hasText: 'Acting as Rita Alvarez' }).waitFor();
    expect(steps).to.equal(3);
    // And back to the console.
    await page.getByRole('button', { name: 'Stop acting' }).click();
    await page.waitForURL('**/admin');
  });
});
