// Several tabs of one browser, and time that passes: each tab shows the same person, warns before the end,
// and keeps what was typed.
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { FakeAcuity } from '../support/fakes/acuity.ts';
import { openBrowser } from '../support/browser.ts';
import { holdAnswer } from '../support/hold-answer.ts';
import { until } from '../support/until.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

describe('acting as a referrer in several tabs', function () {
  this.timeout(90_000);
  let browser: Browser;
  let app: TestApp;
  let watched: Watched;
  let page: Page;
  let other: Page;
  /** A form to type into, and a page whose parts are asked for. */
  let cancelling = '';
  let picking = '';
  const ids: Record<string, string> = {};

  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp()]);
    for (const { id, name } of await app.db('users').select('id', 'name')) ids[name] = id;
    const { id: bookingId, draft } = await aBookingAndADraft(app);
    cancelling = `/bookings/${bookingId}/cancel`;
    picking = `/bookings/new/${draft}/time`;
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  beforeEach(async () => {
    watched = await watchedPage(browser, app.url, { width: 1280, hasClock: true });
    ({ page } = watched);
    await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
  });
  afterEach(() => watched.close());

  const openOther = async (path: string) => {
    other = await watched.context.newPage();
    await other.goto(path);
  };
  /** From the console, as admins do: open tabs learn of it. */
  const actAs = async (name: string) => {
    await page.goto(`/admin/act-as?user=${ids[name]}`);
    await page.getByLabel('Why').fill('On the phone');
    await page.getByRole('button', { name: `Act as ${name}` }).click();
    await page.waitForURL('**/bookings');
  };
  /** The same without the console, where only what follows is tested. */
  const beActing = async (name: string) => {
    const ada = await app.signedInVisitor('ada@examdesk.example');
    const body = new URLSearchParams({ userId: ids[name] ?? '', reason: 'On the phone' });
    const answer = await ada.raw('/admin/impersonate', { method: 'POST', body });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      await watched.useSession({ name: key, value });
    }
    await page.goto('/bookings');
    await banner(page).waitFor();
  };
  const banner = (tab: Page) => tab.locator('.acting-banner');
  const notice = (tab: Page) => tab.locator('.acting-notice');
  /** In the browser and on the server alike. */
  const pass = async (minutes: number) => {
    await app.db('sessions').update({
      last_seen_at: app.db.raw(`last_seen_at - ? * interval '1 minute'`, [minutes]),
    });
    await watched.context.clock.fastForward(minutes * 60_000);
  };
  const quietMinutes = async (): Promise<number> => {
    const row = (await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .orderBy('created_at', 'desc')
      .first({ at: 'last_seen_at' })) as { at: Date };
    return (Date.now() - row.at.getTime()) / 60_000;
  };

  it('ends in every tab when it ends in one', async () => {
    await beActing('Rita Alvarez');
    await openOther('/specialists');
    await banner(other).waitFor();
    await page.getByRole('button', { name: 'Stop acting' }).click();
    await other.waitForURL('**/admin');
    expect(await banner(other).count()).to.equal(0);
  });

  it('sends every tab to the sign-in page when one signs out', async () => {
    await beActing('Rita Alvarez');
    await openOther('/specialists');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await other.waitForURL('**/sign-in?next=%2Fadmin');
  });

  for (const [place, shown] of [
    ['/specialists', 'Dr Amelia Hart'],
    ['/admin/resources/organizations', 'Harbour Legal'],
  ] as const) {
    it(`shows the banner in a tab that was open before, at ${place}`, async () => {
      await openOther(place);
      await other.getByText(shown).filter({ visible: true }).first().waitFor();
      await actAs('Rita Alvarez');
      await banner(other).waitFor();
      expect(await banner(other).innerText()).to.contain('Acting as Rita Alvarez');
    });
  }

  it('shows the new referrer in every tab when the admin acts as another', async () => {
    await actAs('Rita Alvarez');
    await openOther('/specialists');
    await page.getByRole('button', { name: 'Stop acting' }).click();
    await page.waitForURL('**/admin');
    await actAs('Nadia Karim');
    await banner(other).filter({ hasText: 'Acting as Nadia Karim' }).waitFor();
  });

  it('warns in every tab before the end, and continues in all when Stay is pressed in one', async () => {
    await beActing('Rita Alvarez');
    await openOther('/specialists');
    await pass(20);
    expect(await notice(page).innerText()).to.equal('');
    await pass(6);
    for (const tab of [page, other]) await notice(tab).getByRole('button', { name: 'Stay' }).waitFor();
    await watched.check();
    const before = await banner(other).locator('[data-acting-ends]').innerText();
    await notice(page).getByRole('button', { name: 'Stay' }).click();
    for (const tab of [page, other]) await notice(tab).getByRole('button').waitFor({ state: 'detached' });
    expect(await quietMinutes()).to.be.below(1);
    expect(await banner(other).locator('[data-acting-ends]').innerText()).not.to.equal(before);
  });

  it('keeps the new end when an answer from before Stay arrives after it', async () => {
    await beActing('Rita Alvarez');
    await pass(26);
    const stay = notice(page).getByRole('button', { name: 'Stay' });
    await stay.waitFor();
    const held = await holdAnswer(page, '**/admin/acting');
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await held.isMade;
    await stay.click();
    await stay.waitFor({ state: 'detached' });
    const ends = await banner(page).locator('[data-acting-ends]').innerText();
    await held.release();
    expect(await banner(page).locator('[data-acting-ends]').innerText()).to.equal(ends);
    expect(await notice(page).innerText()).to.equal('');
  });

  it('says that it cannot be extended when four hours are nearly over', async () => {
    await beActing('Rita Alvarez');
    await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .update({ expires_at: new Date(Date.now() + 29 * 60_000) });
    await pass(26);
    await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .update({ expires_at: new Date(Date.now() + 3 * 60_000) });
    await notice(page).getByRole('button', { name: 'Stay' }).click();
    await notice(page).getByText('It cannot be extended').waitFor();
  });

  it('is extended by requests within a page, and not ended by a tab that missed them', async () => {
    await beActing('Rita Alvarez');
    await page.goto(picking);
    await openOther('/specialists');
    await pass(20);
    const ends = other.locator('[data-acting-ends]');
    const before = await ends.innerText();
    await page.locator('a.day-free[aria-current=date]').or(page.locator('a.day-free').first()).last().click();
    await ends.filter({ hasNotText: before }).waitFor();
    await pass(20);
    expect(await banner(other).count()).to.equal(1);
    expect(await notice(other).innerText()).to.equal('');
  });

  it('sends an unused page to the sign-in page when it has ended', async () => {
    await beActing('Rita Alvarez');
    await pass(31);
    await page.waitForURL('**/sign-in?next=%2Fadmin');
  });

  it('keeps what was typed, and sends none of it, when it ends in another tab', async () => {
    await beActing('Rita Alvarez');
    await openOther(cancelling);
    await other.getByLabel('Reason').fill('Settled between');
    await page.getByRole('button', { name: 'Stop acting' }).click();
    await notice(other).getByText('You are no longer acting as Rita Alvarez').waitFor();
    expect(await banner(other).count()).to.equal(0);
    const sent: string[] = [];
    other.on('request', (request) => sent.push(`${request.method()} ${request.url()}`));
    await other.getByRole('button', { name: 'Cancel the booking' }).click();
    expect(await other.getByLabel('Reason').inputValue()).to.equal('Settled between');
    expect(sent.filter((one) => one.startsWith('POST'))).to.deep.equal([]);
    await notice(other).getByRole('link', { name: 'Leave this page' }).click();
    await other.waitForURL('**/admin');
  });

  it('keeps what was typed in a form of the console when it starts in another tab', async () => {
    await openOther(`/admin/resources/organizations/records/${await anOrganization()}/edit`);
    await other.locator('.console-form input').first().fill('Harbour Legal and');
    await actAs('Rita Alvarez');
    await notice(other).getByText('You are now acting as somebody').waitFor();
    expect(await other.locator('.console-form input').first().inputValue()).to.equal('Harbour Legal and');
  });

  it('counts typing as activity', async () => {
    await beActing('Rita Alvarez');
    await page.goto(cancelling);
    await pass(25);
    await page.getByLabel('Reason').pressSequentially('Settled');
    await watched.context.clock.fastForward(16_000);
    await until(async () => (await quietMinutes()) < 1);
  });

  it('is started from the console by the same shortcut', async () => {
    await page.goto('/admin');
    await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.waitForURL('**/admin/act-as');
    await page.locator('#q:focus').waitFor();
  });

  it('keeps what was typed when it times out', async () => {
    await beActing('Rita Alvarez');
    await page.goto(cancelling);
    await page.getByLabel('Reason').fill('Settled between');
    await pass(31);
    await notice(page).getByText('You are no longer acting as Rita Alvarez').waitFor();
    expect(await page.getByLabel('Reason').inputValue()).to.equal('Settled between');
  });

  async function anOrganization(): Promise<string> {
    const { id } = (await app.db('organizations').first('id')) as { id: string };
    return id;
  }
});

async function aBookingAndADraft(app: TestApp): Promise<{ id: string; draft: string }> {
  const acuity = app.system.services.acuity as FakeAcuity;
  const [startsAt = '', ...others] = [0, 1, 2].map((days) => timeAhead(10, days));
  acuity.offer(7001, startsAt, ...others);
  const specialist = await app.system.services.specialists.findByCalendar(7001);
  if (!specialist) throw new Error('The demo has no specialist with calendar 7001');
  const rita = await app.signIn('rita@harbour-legal.example');
  const order = { specialistId: specialist.id, type: 'in_person' };
  const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
  const booked = await rita
    .post('/bookings')
    .send({ ...order, startsAt, examinee })
    .expect(201);
  const begun = await rita
    .post('/bookings/new')
    .set('Accept', 'text/html')
    .type('form')
    .send(order)
    .expect(303);
  const draft = /new\/([^/]+)\//.exec(String(begun.headers.location))?.[1] ?? '';
  return { id: (booked.body as { booking: { id: string } }).booking.id, draft };
}
