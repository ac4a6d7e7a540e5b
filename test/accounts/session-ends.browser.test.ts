// A page that is left open: it warns before the session ends, and keeps what was typed.
import { expect } from 'chai';
import type { Browser, Page, Response } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { holdAnswer } from '../support/hold-answer.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';

describe('a page that is left open', function () {
  this.timeout(90_000);
  let browser: Browser;
  let app: TestApp;
  let watched: Watched;
  let page: Page;

  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp()]);
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  beforeEach(async () => {
    await app.db('sessions').delete();
    watched = await watchedPage(browser, app.url, { width: 1280, hasClock: true });
    ({ page } = watched);
  });
  afterEach(() => watched.close());

  const open = async (email: string, path: string) => {
    await watched.useSession(await app.sessionCookie(email));
    await page.goto(path);
  };
  const notice = (tab = page) => tab.locator('.session-notice');
  /** In the browser and on the server alike. */
  const pass = async (minutes: number) => {
    await app.db('sessions').update({
      last_seen_at: app.db.raw(`last_seen_at - ? * interval '1 minute'`, [minutes]),
    });
    await watched.context.clock.fastForward(minutes * 60_000);
  };
  /** The form that changes one's address: a text and no draft. */
  const form = '/account/email';
  const typed = () => page.getByLabel('New e-mail address');

  it('warns a referrer shortly before two hours without activity, who stays by one press', async () => {
    await open(rita, '/bookings');
    await pass(114);
    expect(await notice().innerText()).to.equal('');
    await pass(2);
    await notice().getByText('You will be signed out at').waitFor();
    await watched.check();
    await notice().getByRole('button', { name: 'Stay signed in' }).click();
    await notice().getByRole('button').waitFor({ state: 'detached' });
    await pass(100);
    expect(await notice().innerText()).to.equal('');
    expect((await page.reload())?.status()).to.equal(200);
    expect(page.url()).to.match(/\/bookings$/);
  });

  it('stays quiet when an answer from before the session was extended arrives after it', async () => {
    await open(rita, '/bookings');
    await pass(116);
    await notice().getByText('You will be signed out at').waitFor();
    const held = await holdAnswer(page, '**/session');
    await page.evaluate('dispatchEvent(new Event("focus"))');
    await held.isMade;
    await notice().getByRole('button', { name: 'Stay signed in' }).click();
    await notice().getByRole('button').waitFor({ state: 'detached' });
    await held.release();
    expect(await notice().innerText()).to.equal('');
  });

  it('warns staff before half an hour, in the console too', async () => {
    for (const [path, shown] of [
      ['/specialists', 'Dr Amelia Hart'],
      ['/admin/resources/organizations', 'Harbour Legal'],
    ] as const) {
      await open(ada, path);
      await page.getByText(shown).filter({ visible: true }).first().waitFor();
      // The console's pages ask for the time that is left; an answer from before the time passed would mislead them.
      await page.locator('html[data-session-user]').waitFor({ state: 'attached' });
      await pass(26);
      await notice().getByRole('button', { name: 'Stay signed in' }).waitFor();
    }
  });

  it('says nothing when another tab is used', async () => {
    await open(rita, '/bookings');
    await pass(110);
    const other = await watched.context.newPage();
    await other.goto('/specialists');
    // Answers the question of the tab in the background.
    const held = await holdAnswer(page, '**/session');
    await pass(6);
    await held.isMade;
    await held.release();
    expect(await notice().innerText()).to.equal('');
  });

  it('keeps somebody signed in who types without sending', async () => {
    await open(rita, form);
    // Not an answer to the page's question, which extends nothing: it asks while it has not read the answer before.
    const isExtended = (response: Response) =>
      response.url().endsWith('/session') && response.request().method() === 'POST';
    for (let n = 0; n < 3; n += 1) {
      await pass(60);
      await Promise.all([
        page.waitForResponse(isExtended),
        typed()
          .pressSequentially('a')
          .then(() => pass(1)),
      ]);
    }
    expect((await page.request.get('/bookings', { maxRedirects: 0 })).status()).to.equal(200);
    expect(await typed().inputValue()).to.equal('aaa');
  });

  it('goes to the sign-in page when the session has ended and nothing was typed', async () => {
    await open(rita, '/bookings');
    await pass(121);
    await page.waitForURL('**/sign-in?next=%2Fbookings');
    await page.getByText('Your session has ended').waitFor();
  });

  for (const [when, comesBack] of [
    [
      'to this tab',
      async () => {
        await page.evaluate('dispatchEvent(new Event("focus"))');
        await notice().getByRole('link').waitFor({ state: 'detached' });
      },
    ],
    ['and presses a button before this tab has asked', () => Promise.resolve()],
  ] as const)
    it(`stays when something was typed, and can be sent when one signs in elsewhere and comes back ${when}`, async () => {
      await open(rita, form);
      await typed().fill('rita.new@harbour-legal.example');
      await app.db('sessions').delete();
      await watched.context.clock.fastForward(121 * 60_000);
      await notice().getByText('What you typed is still here').waitFor();
      await page.getByLabel('Password').press('Enter');
      expect(page.url()).to.contain(form);

      await watched.useSession(await app.sessionCookie(rita));
      await comesBack();
      await page.getByLabel('Password').fill('wrong');
      await page.getByLabel('Password').press('Enter');
      await page.locator('.error-summary').waitFor();
      expect(await typed().inputValue()).to.equal('rita.new@harbour-legal.example');
    });
});
