// The states of pages that the demo does not show by itself (errors, empty lists, offers, Acuity away), on a small phone,
// in light and dark. Each is loaded once.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { createStopLinks } from '../../src/email/index.ts';
import { openBrowser } from '../support/browser.ts';
import { missingValueIn } from '../support/clean-pages.ts';
import { openDemoApp, type DemoApp } from '../support/demo-app.ts';
import { testSecret } from '../support/session.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';
const sam = 'sam@examdesk.example';
const ada = 'ada@examdesk.example';
const shots = process.env.SCREENSHOTS;
const nobody = '00000000-0000-4000-8000-000000000000';
const ewan = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };

describe('the states of pages at 320 px', function () {
  this.timeout(300_000);
  let demo: DemoApp;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let faults: string[];
  let hart: string;

  before(async () => {
    [demo, browser] = await Promise.all([
      openDemoApp({ bookings: { timings: { patienceMs: 300 } } }),
      openBrowser(),
    ]);
    hart = (await demo.app.system.services.specialists.findByCalendar(7001))?.id ?? '';
  });
  after(async () => {
    await browser.close();
    await demo.close();
  });
  beforeEach(async () => {
    faults = [];
    watched = await watchedPage(browser, demo.app.url, { width: 320 });
    page = watched.page;
  });
  afterEach(() => watched.close());

  const as = async (email: string) => {
    await watched.context.clearCookies();
    await watched.useSession(await demo.app.sessionCookie(email));
  };
  /** Waits for the page that a form leads to. @param script submits it */
  const submit = async (script: string) => {
    const loaded = page.waitForEvent('load');
    await page.evaluate(script);
    await loaded;
  };
  /** Sends fields as a form does without JavaScript, and waits for the page that it leads to. */
  const post = async (path: string, fields: Record<string, string> = {}) => {
    if (!page.url().startsWith(demo.app.url)) await page.goto('/sign-out');
    await submit(`(() => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action: ${JSON.stringify(path)} });
      for (const [name, value] of Object.entries(${JSON.stringify(fields)}))
        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
      document.body.append(form);
      form.submit();
    })()`);
  };
  let count = 0;
  /** @param has what only this state has @param shown a text that only this state shows */
  const check = async (state: string, has: string, shown = '') => {
    count += 1;
    if (shots)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const name = `${String(count).padStart(2, '0')}-${state.replaceAll(/\W+/g, '-')}-${colorScheme}`;
        await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
      }
    const fault = (error: Error & { actual?: unknown }) =>
      void faults.push(`${state}: ${error.message} ${JSON.stringify(error.actual ?? null)}`);
    // By a script of ours: Playwright's own takes 30 ms of processor time in each document that a locator looks at.
    const [isThere, text] = await page.evaluate<[boolean, string]>(
      `[document.querySelector(${JSON.stringify(has)}) !== null, document.body.innerText]`,
    );
    if (!isThere) fault(new Error(`It has no ${has}`));
    if (shown && !text.includes(shown)) fault(new Error(`It does not show ${shown}`));
    if (missingValueIn(text)) fault(new Error('It shows what is no text'));
    await watched.checkBothSchemes().catch(fault);
  };
  const open = async (state: string, path: string, has: string, shown = '') => {
    await page.goto(path);
    await check(state, has, shown);
  };
  const send = async (state: string, path: string, fields: Record<string, string>, has: string) => {
    await post(path, fields);
    await check(state, has);
  };
  const acuity = (rules: object[]) =>
    fetch(`${demo.simulatorUrl}/_sim/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rules }),
    });
  const bookingOf = async (email: string, which: 'upcoming' | 'cancelled') => {
    const person = await demo.app.db('users').where({ email }).first('id');
    const rows = demo.app.db('bookings').where({ created_by_id: person?.id }).orderBy('starts_at', 'desc');
    void (which === 'upcoming'
      ? rows.where({ status: 'active' }).where('starts_at', '>', new Date(Date.now() + 2 * 86_400_000))
      : rows.where({ status: 'cancelled' }));
    const row = await rows.first('id');
    if (!row) throw new Error(`The demo has no ${which} booking of ${email}`);
    return row.id;
  };
  const offer = async (bookingId: string, state: 'open' | 'declined', days: number) => {
    const entry = await demo.app.db('wait_entries').where({ booking_id: bookingId }).first('id');
    const id = randomUUID();
    await demo.app.database.owner('wait_offers').insert({
      id,
      entry_id: entry?.id ?? '',
      specialist_id: hart,
      type: 'in_person',
      starts_at: new Date(Date.now() + days * 86_400_000),
      duration_minutes: 60,
      state,
      ended_at: state === 'open' ? null : new Date(),
      expires_at: demo.app.db.raw(`clock_timestamp() + interval '10 minutes'`) as unknown as Date,
    });
    return id;
  };

  /** Acuity was asked to move the booking and has not answered. Returns the address of the page that says so. */
  const moveUnderWay = async (bookingId: string) => {
    const { db } = demo.app;
    const booking = await db('bookings').where({ id: bookingId }).first();
    const id = randomUUID();
    await db('booking_attempts').insert({
      id,
      kind: 'reschedule',
      booking_id: bookingId,
      reference: booking?.reference ?? '',
      specialist_id: booking?.specialist_id ?? '',
      organization_id: booking?.organization_id ?? null,
      created_by_id: booking?.created_by_id ?? null,
      request_hash: 'move',
      request: '{}',
      starts_at: new Date(Date.now() + 9 * 86_400_000),
      acuity_called_at: new Date(),
    });
    return `/bookings/attempts/${id}?booking=${bookingId}`;
  };
  const stopPath = async (kind: 'report_ready' | 'booking_reminder') => {
    const person = await demo.app.db('users').where({ email: rita }).first('id');
    return `/account/mail/stop/${createStopLinks([testSecret]).tokenFor(person?.id ?? '', kind)}`;
  };

  it('have no axe finding for a referrer', async () => {
    await as(rita);
    const booking = await bookingOf(rita, 'upcoming');
    const path = `/bookings/${booking}`;
    await open('nothing found', '/search?q=qqqq+zzzz', '#search-found > .muted');
    await open('search before typing', '/search', '.found-group');
    await open('no booking with these filters', '/bookings?tab=upcoming&progress=no_show', '.empty');
    await open('filters that are wrong', '/bookings?from=never', '.error-summary');
    await open('no specialist with these words', '/specialists?q=zzzz', '.empty');
    await open('no free time of these', '/specialists/first-free?location=Nowhere', 'main');
    await open(
      'booking from a list',
      `${path}?back=%2Fbookings%3Ftab%3Dupcoming`,
      '.eyebrow a[href*="tab=upcoming"]',
    );
    await open('cancelled booking', `/bookings/${await bookingOf(rita, 'cancelled')}`, '#booking-next');
    await open('reschedule', `${path}/reschedule`, '.month-table');
    await open('cancel', `${path}/cancel`, 'form[autocomplete]');
    await open('contacts', `${path}/contacts`, 'form');
    await open('messages', `${path}/messages`, 'h1');
    await send(
      'message without words',
      `${path}/messages`,
      { text: '', idempotencyKey: randomUUID() },
      '.error-summary',
    );
    await send('upload that failed', `${path}/documents`, { category: '' }, '.error-summary');

    await send(
      'wait-list without a day',
      '/wait-list',
      { specialistId: hart, type: 'in_person', before: '' },
      '.error-summary',
    );
    await send('on the wait-list', `${path}/wait-list`, {}, '.notice-ok');
    await open(
      'move that nobody knows the outcome of',
      await moveUnderWay(booking),
      'main',
      'We are checking',
    );
    const held = await offer(booking, 'open', 1);
    await open('a time that is held, on the booking', path, '.free-offer');
    await open('a time that is held, at home', '/', '.free-offer');
    await open('a time that is held, on the wait-list', '/wait-list', '.free-offer');
    const declined = await offer(booking, 'declined', 2);
    await send('offer that has ended', `/wait-list/offers/${declined}/accept`, {}, '.panel-warn');
    await send('declined', `/wait-list/offers/${held}/decline`, {}, '.notice-ok');

    for (const [state, at] of [
      ['password', '/account/password'],
      ['new address', '/account/email'],
      ['sessions', '/account/sessions'],
      ['two-step sign-in', '/account/two-factor'],
      ['sign out', '/sign-out'],
      ['draft that is gone', `/bookings/new/${nobody}/check`],
      ['nothing there', '/nowhere'],
      ['not allowed', '/admin/act-as'],
    ] as const)
      await open(state, at, 'h1');
    await send('calendar’s new address', '/account/calendar', { do: 'renew' }, '.secret');
    await open('stop a kind of e-mail', await stopPath('report_ready'), 'form');
    await watched.context.clearCookies();
    await open('sign in', '/sign-in', 'form');
    await open('forgotten password', '/account/forgotten', 'form');
    await open('link that is closed', '/account/invitation/nothing', 'h1');
    await open('welcome', '/', 'h1');
    expect(faults).to.deep.equal([]);
  });

  it('have none when there is nothing to show, and nothing to do', async () => {
    const { db, database } = demo.app;
    const person = await db('users').where({ email: rob }).first('id');
    const before = await db('members').where({ user_id: person?.id }).first('organization_id');
    const [empty] = (await database
      .owner('organizations')
      .insert({ name: 'Quiet & Co', slug: 'quiet', created_at: new Date() })
      .returning('id')) as { id: string }[];
    await database
      .owner('members')
      .where({ user_id: person?.id })
      .update({ organization_id: empty?.id ?? '' });
    await as(rob);
    for (const [state, at, has] of [
      ['home without bookings', '/', '.empty'],
      ['list without bookings', '/bookings', '.empty'],
      ['nothing today', '/bookings?tab=today', '.empty'],
      ['nothing that needs anybody', '/bookings?tab=needs_you', '.empty'],
      ['empty agenda', '/bookings?view=agenda', 'main'],
      ['empty day', '/bookings?view=day', 'main'],
      ['empty week', '/bookings?view=week', 'main'],
      ['empty month', '/bookings?view=calendar', 'main'],
      ['empty wait-list', '/wait-list', '.empty'],
      ['booking of others', `/bookings/${await bookingOf(rita, 'upcoming')}`, 'h1'],
    ] as const)
      await open(state, at, has);
    await database
      .owner('members')
      .where({ user_id: person?.id })
      .update({ organization_id: before?.organization_id ?? '' });
    expect(faults).to.deep.equal([]);
  });

  it('have none in a booking that meets another, loses an answer, or finds Acuity away', async () => {
    await as(rita);
    // How many times the first free day has depends on the hour.
    const toCheck = async (place: 'first' | 'last') => {
      await page.goto('/bookings/new');
      await post('/bookings/new', { specialistId: hart, type: 'in_person' });
      const draft = new URL(page.url()).pathname.replace(/\/time$/, '');
      const startsAt = (await page.locator('input[name="startsAt"]')[place]().getAttribute('value')) ?? '';
      await post(`${draft}/time`, { startsAt });
      await post(`${draft}/examinee`, ewan);
      return { draft, startsAt };
    };
    const confirm = () => submit(`document.querySelector('.confirm').submit()`);
    const { startsAt } = await toCheck('first');
    await check('answers to check', '.confirm');
    const taken = await (await demo.app.signIn(nadia))
      .post('/bookings')
      .send({ specialistId: hart, type: 'in_person', startsAt, examinee: ewan });
    expect(taken.status).to.equal(201);
    await confirm();
    await check('time that was taken', '.panel-warn');
    await toCheck('last');
    await acuity([{ method: 'POST', path: '/appointments', times: 1, effect: { drop: 'after' } }]);
    await confirm();
    await check('answer that was lost', 'h1');
    const { draft } = await toCheck('first');
    await acuity([{ effect: { drop: 'before' } }]);
    await confirm();
    await check('confirmed while Acuity is away', 'h1');
    await open('times while Acuity is away', `${draft}/time?month=${monthAhead(5)}`, 'h1');
    await open(
      'reschedule while Acuity is away',
      `/bookings/${await bookingOf(rita, 'upcoming')}/reschedule?month=${monthAhead(5)}`,
      'h1',
    );
    await acuity([]);
    expect(faults).to.deep.equal([]);
  });

  it('have none for staff, and for an admin who acts', async () => {
    const report = await demo.app
      .db('documents')
      .where({ category: 'report' })
      .whereNotNull('released_at')
      .first('id');
    await as(sam);
    for (const [state, at, has] of [
      ['home of staff', '/', 'h1'],
      ['receipt of a document', `/documents/${report?.id}/receipt`, 'h1'],
      ['recall of a report', `/documents/${report?.id}/recall`, 'form'],
      ['check access', '/admin/access-check', 'form'],
      ['paperwork', '/admin/paperwork', 'h1'],
    ] as const)
      await open(state, at, has);
    await as(ada);
    const person = await demo.app.db('users').where({ email: rita }).first('id');
    for (const [state, at, has] of [
      ['rules to change', '/admin/paperwork?change=all', '#change'],
      ['people', '/account/people', 'h1'],
      ['person', `/account/people/${person?.id}`, 'h1'],
      ['episodes', '/admin/episodes', 'h1'],
      ['merges', '/admin/merges', 'h1'],
      ['Acuity connection', '/admin/acuity', 'h1'],
      ['act as', '/admin/act-as?query=rita', 'form'],
    ] as const)
      await open(state, at, has);
    await send(
      'act without a reason',
      '/admin/impersonate',
      { userId: person?.id ?? '', reason: '' },
      '.error-summary',
    );
    await send(
      'acting',
      '/admin/impersonate',
      { userId: person?.id ?? '', reason: 'On the phone' },
      '.acting-banner',
    );
    await open('booking while acting', `/bookings/${await bookingOf(rita, 'upcoming')}`, '.acting-banner');
    await open('account while acting', '/account/mail', '.acting-banner');
    expect(faults).to.deep.equal([]);
  });

  it('lead on by keyboard alone', async () => {
    await demo.app.system.services.nextFreeFiller.fill();
    await as(rita);
    const path = `/bookings/${await bookingOf(rita, 'upcoming')}`;
    const withReport = await demo.app
      .db('documents')
      .where({ category: 'report' })
      .whereNotNull('released_at')
      .first();
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 150; presses += 1) {
        await page.keyboard.press('Tab');
        const found = await page.evaluate(`(() => {
          const at = document.activeElement;
          return at.matches(${JSON.stringify(selector)}) && getComputedStyle(at).outlineStyle;
        })()`);
        if (found === 'none') throw new Error(`${selector} does not show its focus at ${page.url()}`);
        if (found) return;
      }
      throw new Error(`No Tab leads to ${selector} at ${page.url()}`);
    };
    /** @param has what the page that Enter leads to has */
    const enter = async (selector: string, has: string) => {
      await tabTo(selector);
      await page.keyboard.press('Enter');
      await page.locator(has).first().waitFor();
    };
    const download = async (selector: string) => {
      await tabTo(selector);
      const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      return file.suggestedFilename();
    };

    await page.goto(`/wait-list/new?specialist=${hart}&type=in_person`);
    await tabTo('#before');
    await page.keyboard.type('01012030');
    await enter('button[type="submit"]', '.notice-ok');
    await enter('.free-slots button', '.notice-ok >> text=left');
    await page.goto(path);
    await enter('form[action$="/wait-list"] button', '.notice-ok');
    await tabTo('#text');
    await page.keyboard.type('Is parking near?');
    await enter('form[action$="/messages"] button', '#message-list >> text=Is parking near?');
    await page.goto(`${path}/instructions`);
    await tabTo('[data-print]');

    await page.goto('/bookings');
    await enter('.tabs a[href*="tab=past"]', '.tabs a[href*="tab=past"][aria-current]');
    await enter('.views a[href*="view=week"]', '.views a[href*="view=week"][aria-current]');
    await enter('.views a[href*="view=agenda"]', '.views a[href*="view=agenda"][aria-current]');
    await page.goto('/bookings?tab=upcoming');
    await enter('.row-actions summary', '.row-actions[open]');
    await tabTo('.row-actions[open] a[href*="#documents"]');
    expect(await download('a[href*="export.csv"]')).to.match(/\.csv$/);
    await page.goto(`/bookings/${withReport?.booking_id}`);
    expect(await download('a[href$="documents.zip"]')).to.match(/\.zip$/);

    await page.goto(`/specialists/${hart}`);
    await enter('.profile-offer .button', '.month-table');
    await page.goto('/specialists/first-free');
    await enter('.free-slot button', '#firstName');

    await page.goto('/account/mail');
    await tabTo('#report_ready');
    await page.keyboard.press('ArrowDown');
    await enter('form.card button[type="submit"]', '.notice-ok');
    expect(await page.locator('#report_ready').inputValue()).to.equal('daily');
    await page.goto(await stopPath('booking_reminder'));
    await enter('form button', '.notice-ok');
    await page.goto('/account/calendar');
    await enter('button[value="renew"]', '.secret');
    await as(ada);
    await page.goto('/admin/paperwork');
    await enter('a[href*="change=all"]', '#change');
    await tabTo('#change select');
    await enter('#change button', '.notice-ok');
  });
});

/** `2027-04`: a month that nothing has read yet. */
function monthAhead(months: number): string {
  const day = new Date();
  day.setUTCDate(1);
  day.setUTCMonth(day.getUTCMonth() + months);
  return day.toISOString().slice(0, 7);
}
