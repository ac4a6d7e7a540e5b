import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { draftIdOf, ewan } from '../support/page-fixture.ts';
import { watchedPage, type Watched, type WatchOptions } from '../support/watched-page.ts';

const rita = 'rita@harbour-legal.example';

describe('booking journey in a real browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let app: TestApp;
  let mailbox: Mailbox;
  let acuity: FaultyAcuity;
  let watched: Watched;

  before(async () => {
    [browser, mailbox] = await Promise.all([openBrowser(), openMailbox()]);
    const fake = createFakeAcuity();
    // Two months of mornings in Sydney's summer time.
    for (const month of ['2026-12', '2027-01']) {
      for (let day = 1; day <= 28; day++) {
        const date = `${month}-${String(day).padStart(2, '0')}`;
        fake.offer(7001, ...['09', '10', '11', '14'].map((hour) => `${date}T${hour}:00:00+11:00`));
      }
    }
    acuity = withFaults(fake);
    app = await startTestApp({
      overrides: {
        acuity,
        clock: { now: () => new Date('2026-11-23T09:00:00+11:00') },
        bookings: { timings: { patienceMs: 300, inFlightMs: 2500, uncalledMs: 100, sweepAfterMs: 0 } },
      },
      env: { SMTP_URL: mailbox.smtpUrl },
    });
    await app.system.worker.start();
  });

  after(async () => {
    await app.system.worker.stop();
    await app.close();
    await mailbox.close();
    await browser.close();
  });

  afterEach(() => watched.close());

  const open = async (options: WatchOptions): Promise<Page> => {
    watched = await watchedPage(browser, app.url, options);
    return watched.page;
  };

  const bookings = () =>
    app.db('bookings').select('id', 'reference') as Promise<{ id: string; reference: string }[]>;

  async function chooseAmelia(page: Page): Promise<void> {
    await page.goto('/bookings/new');
    await page.getByLabel('Name or words').fill('hart');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/q=hart/);
    await watched.check();
    await page.getByRole('button', { name: /Choose Dr Amelia Hart, In person/ }).click();
    await page.waitForURL(/\/time$/);
  }

  /** Opens a draft made over HTTP, with a time that no other test uses; without one, at the choice of a time. */
  async function openDraft(page: Page, startsAt: string | null): Promise<void> {
    const visitor = await app.signedInVisitor(rita);
    const amelia = await app.system.services.specialists.findByCalendar(7001);
    const started = await visitor.post('/bookings/new', {
      specialistId: amelia?.id ?? '',
      type: 'in_person',
    });
    const draft = `/bookings/new/${draftIdOf(started)}`;
    if (startsAt) {
      await visitor.post(`${draft}/time`, { startsAt: new Date(startsAt).toISOString() });
      await visitor.post(`${draft}/examinee`, ewan);
    }
    await watched.useSession(await app.sessionCookie(rita));
    await page.goto(`${draft}/${startsAt ? 'check' : 'time'}`);
  }

  async function fillExaminee(page: Page): Promise<void> {
    await page.getByLabel('First name').fill('Ewan');
    await page.getByLabel('Last name').fill('Marsh');
    await page.getByLabel('Phone').fill('0412 345 678');
    await page.getByLabel('Day').fill('27');
    await page.getByLabel('Month').fill('3');
    await page.getByLabel('Year').fill('1984');
    await page.getByLabel(/^Claim number/).fill('CL-2207');
    await page.getByRole('button', { name: 'Continue' }).click();
  }

  for (const [what, spoil] of [
    [
      'an inline style',
      // Waits for the report, which would otherwise reach the page after its check.
      `new Promise((reported) => {
        document.addEventListener('securitypolicyviolation', reported, { once: true });
        document.body.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
      }).then(() => undefined)`,
    ],
    ['a picture without words', `document.querySelector('main').append(new Image())`],
    [
      'something too wide',
      `document.querySelector('main').append(Object.assign(document.createElement('canvas'), { width: 4000 }))`,
    ],
  ] as const) {
    it(`detects ${what}`, async () => {
      const page = await open({ width: 390 });
      await page.goto('/');
      await page.evaluate(spoil);
      const complaint: unknown = await watched.check().catch((error: unknown) => error);
      expect(complaint).to.be.an('error');
    });
  }

  let nextDay = 1;
  for (const width of [1280, 390]) {
    for (const javaScript of [true, false]) {
      it(`leads from sign-in to the confirmation at ${width} px ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
        const date = String(nextDay++);
        const page = await open({ width, javaScript });
        await page.goto('/');
        await watched.check();
        await page.goto('/sign-in');
        await watched.check();
        await watched.signIn(rita);
        await watched.check();

        await chooseAmelia(page);
        await watched.check();
        await page.getByRole('link', { name: 'January 2027' }).click();
        await page.getByRole('link', { name: new RegExp(`\\b${date} January 2027, free times`) }).click();
        await page.getByRole('heading', { name: new RegExp(`\\b${date} January 2027`) }).waitFor();
        await watched.check();
        if (javaScript) {
          expect(await page.locator('.slot-reader').first().innerText()).to.contain('6:00');
          expect(new URL(page.url()).search).to.contain('day=2027-01-');
        }

        await page.getByRole('button', { name: 'Continue' }).click();
        await page.locator('.error-summary').waitFor();
        expect(await page.title()).to.match(/^Error: /);
        await watched.check();
        await page.locator('.error-summary a').click();
        await page.getByRole('radio', { name: '10:00' }).check({ force: true });
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.waitForURL(/\/examinee$/);
        await watched.check();

        await page.getByLabel('Phone').fill('12');
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.locator('.error-summary').waitFor();
        await page.locator('.error-summary:focus').waitFor();
        expect(await page.getByLabel('Phone').inputValue()).to.equal('12');
        await watched.check();
        await page.getByRole('link', { name: 'Enter the examinee’s first name' }).click();
        await page.locator('#firstName:focus').waitFor();
        await fillExaminee(page);
        await page.waitForURL(/\/check$/);
        await watched.check();

        await page.getByRole('link', { name: 'Change the examinee' }).click();
        await page.getByLabel('Last name').fill('Marlow');
        await page.getByRole('radio', { name: 'Yes' }).check();
        await page.getByLabel('Language').fill('Tamil');
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.waitForURL(/\/check$/);
        expect(await page.locator('#examinee-lastName dd').innerText()).to.equal('Marlow');
        expect(await page.locator('#examinee-interpreterLanguage dd').innerText()).to.equal('Tamil');

        await page.getByRole('button', { name: 'Confirm booking' }).click();
        await page.waitForURL(/\?confirmed$/);
        await watched.check();
        const reference = await page.locator('.confirmation-reference').innerText();
        expect((await bookings()).map((booking) => booking.reference)).to.include(reference);
        const mail = await waitForMail(
          mailbox,
          ({ to, subject, text }) => to.includes(rita) && (subject + text).includes(reference),
        );
        expect(mail.attachments.map(({ contentType }) => contentType).join()).to.contain('text/calendar');

        await page.goto('/bookings');
        await watched.check();
        await page.getByRole('link', { name: new RegExp(reference) }).click();
        await page.waitForURL(/\/bookings\/[0-9a-f-]{36}$/);
        await watched.check();
      });
    }
  }

  it('goes back through its steps, and never books a second time', async () => {
    const page = await open({ width: 1280 });
    await watched.useSession(await app.sessionCookie(rita));
    await chooseAmelia(page);
    await page.goto(`${page.url()}?day=2026-12-03`);
    await page.getByRole('radio', { name: '9:00' }).check({ force: true });
    await page.getByRole('button', { name: 'Continue' }).click();
    await fillExaminee(page);
    await page.waitForURL(/\/check$/);
    await page.goBack();
    expect(await page.getByLabel('Last name').inputValue()).to.equal('Marsh');
    await page.goBack();
    expect(await page.getByRole('radio', { name: '9:00' }).isChecked()).to.equal(true);
    await page.getByRole('link', { name: 'January 2027' }).click();
    await page.getByRole('heading', { name: '1 January 2027' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: '3 December 2026' }).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: '1 January 2027' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: '3 December 2026' }).waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/check$/);
    const before = (await bookings()).length;
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.waitForURL(/\?confirmed$/);
    const confirmed = new URL(page.url()).pathname;
    await page.goBack();
    await page.waitForURL((url) => url.pathname === confirmed);
    expect(await bookings()).to.have.length(before + 1);
  });

  it('offers to go on with what was typed a moment ago', async () => {
    const page = await open({ width: 1280 });
    await watched.useSession(await app.sessionCookie(rita));
    await chooseAmelia(page);
    await page.locator('.slot').first().click();
    await page.getByRole('button', { name: 'Continue' }).click();
    // A slow test is still typing, or about to press, when the page sends what it has after a pause of its own.
    const isKept = page.waitForResponse(
      (response) => new URLSearchParams(response.request().postData() ?? '').get('firstName') === 'Noor',
    );
    await page.getByLabel('First name').pressSequentially('Noor');
    await page.getByRole('link', { name: 'New booking' }).hover();
    await page.mouse.down();
    await isKept;
    await page.mouse.up();
    await page.getByRole('heading', { name: 'You have an unfinished booking' }).waitFor();
    expect(await page.getByText('The time is not held').locator('..').innerText()).to.contain('Noor');
  });

  it('books once on a double click', async () => {
    const page = await open({ width: 1280 });
    await openDraft(page, '2026-12-04T09:00:00+11:00');
    const before = (await bookings()).length;
    await page.getByRole('button', { name: 'Confirm booking' }).dblclick();
    await page.waitForURL(/\?confirmed$/);
    expect(await bookings()).to.have.length(before + 1);
  });

  it('works by keyboard alone', async () => {
    const page = await open({ width: 1280 });
    await watched.useSession(await app.sessionCookie(rita));
    await page.goto('/bookings/new');
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press('Tab');
        if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
      }
      throw new Error(`No Tab leads to ${selector} at ${page.url()}`);
    };
    await tabTo('.skip-link');
    await page.keyboard.press('Enter');
    await tabTo('.specialist .button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/time$/);
    await tabTo('.day-free');
    for (const key of ['ArrowDown', 'Home']) await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '7 December 2026' }).waitFor();
    // The focus stays on the day.
    await page.locator('#day-2026-12-07:focus').waitFor();
    await tabTo('input[type="radio"]');
    await page.keyboard.press('ArrowDown');
    await tabTo('button[type="submit"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/examinee$/);
    await tabTo('#firstName');
    for (const text of ['Kim', 'Ito', '0412 345 678']) {
      await page.keyboard.type(text);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/check$/);
    await tabTo('.confirm .button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?confirmed$/);
    await watched.check();
  });

  for (const javaScript of [true, false])
    it(`reaches the first free time in three presses ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
      const page = await open({ width: 1280, javaScript });
      await openDraft(page, null);
      for (const key of ['Tab', 'Tab', 'Enter']) await page.keyboard.press(key);
      await page.locator('#startsAt:focus').waitFor();
      await watched.check();
    });

  it('reaches the first free time within ten presses over the main content', async () => {
    const page = await open({ width: 1280 });
    await openDraft(page, null);
    const focused = page.locator('input[type="radio"]:focus');
    const keys = ['Tab', 'Enter'];
    for (let presses = 0; presses < 10 && (await focused.count()) === 0; presses++)
      await page.keyboard.press(keys[presses] ?? 'Tab');
    expect(await focused.count()).to.equal(1);
    expect(await focused.getAttribute('id')).to.equal('startsAt');
  });

  it('moves between the days and months by arrow keys', async () => {
    const page = await open({ width: 1280 });
    await openDraft(page, null);
    await page.locator('#day-2026-12-01').focus();
    const leadTo = async (day: string, ...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
      await page.locator(`#day-${day}:focus`).waitFor();
    };
    await leadTo('2026-12-09', 'ArrowRight', 'ArrowDown');
    await leadTo('2026-12-13', 'End');
    await leadTo('2026-12-07', 'Home');
    await leadTo('2027-01-07', 'PageDown');
    await watched.check();
    await leadTo('2026-12-07', 'PageUp');
    await leadTo('2026-12-28', 'ArrowDown', 'ArrowDown', 'ArrowDown');
    await leadTo('2027-01-04', 'ArrowDown');
    await leadTo('2026-12-28', 'ArrowUp');
    await leadTo('2027-01-01', 'ArrowRight');
    expect(await page.locator('.month-table a[tabindex="0"]').count()).to.equal(1);
  });

  it('keeps the focus in the calendar when a month has no free day', async () => {
    const page = await open({ width: 1280 });
    await openDraft(page, null);
    const otherMonth = page.locator('#month-next:focus');
    // The last month with free times.
    await page.goto(`${new URL(page.url()).pathname}?month=2027-01`);
    await page.locator('.month-table a[tabindex="0"]').focus();
    await page.keyboard.press('PageDown');
    await page.getByRole('heading', { name: 'No free times in February 2027' }).waitFor();
    await otherMonth.waitFor();
    await page.getByRole('link', { name: 'Show March 2027' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No free times in March 2027' }).waitFor();
    await otherMonth.waitFor();
  });

  it('offers the nearest times when the chosen one is taken, and continues with one of them', async () => {
    const page = await open({ width: 390 });
    await openDraft(page, '2026-12-08T09:00:00+11:00');
    const taken = {
      startsAt: new Date('2026-12-08T09:00:00+11:00'),
      calendarId: 7001,
      appointmentTypeId: 8001,
    };
    const client = { firstName: 'A', lastName: 'B', email: 'a@b.example', phone: '+61400000000' };
    await acuity.createAppointment({ ...taken, client, timezone: 'Australia/Sydney', fields: [] });
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.getByRole('heading', { name: 'That time has just been taken' }).waitFor();
    await watched.check();
    await page.locator('.nearest button').first().click();
    await page.waitForURL(/\/check$/);
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.waitForURL(/\?confirmed$/);
  });

  it('says that it books, moves or cancels when the answer takes long', async () => {
    const page = await open({ width: 320 });
    await openDraft(page, '2026-12-11T09:00:00+11:00');
    const progress = page.getByRole('status').and(page.locator('[data-progress]'));
    const height = () => page.evaluate('document.querySelector("main").getBoundingClientRect().height');
    const saysSo = async (button: string, words: string) => {
      expect(await progress.textContent()).to.equal('');
      const before = await height();
      // No answer comes. While a page waits for one, Chromium does not let a test look at it.
      await page.evaluate('addEventListener("submit", (event) => event.preventDefault())');
      await page.getByRole('button', { name: button }).click();
      await progress.getByText(words).waitFor();
      expect(await height()).to.equal(before);
      await watched.check();
    };
    await saysSo('Confirm booking', 'Booking…');
    await page.reload();
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.waitForURL(/\?confirmed$/);
    const booking = new URL(page.url()).pathname;
    await page.goto(`${booking}/reschedule?day=2026-12-14`);
    await page.locator('.slot').first().click();
    await saysSo('Move the booking', 'Moving…');
    await page.goto(`${booking}/cancel`);
    await saysSo('Cancel the booking', 'Cancelling…');
  });

  it('waits for a lost answer by itself, then shows the booking', async () => {
    const page = await open({ width: 1280 });
    await openDraft(page, '2026-12-09T09:00:00+11:00');
    acuity.failNext('after');
    // Nothing settles the attempt before its page has been looked at.
    await app.system.worker.stop();
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.getByRole('heading', { name: 'We are checking whether it worked' }).waitFor();
    await watched.check();
    await app.system.worker.start();
    await page.waitForURL(/\?confirmed$/);
    await watched.check();
  });

  it('waits without JavaScript too', async () => {
    const page = await open({ width: 390, javaScript: false });
    await openDraft(page, '2026-12-10T09:00:00+11:00');
    acuity.failNext('before');
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.getByRole('link', { name: 'Check again' }).waitFor();
    // The page loads itself again.
    await page.getByText('Nothing was booked').waitFor();
    await page.getByRole('link', { name: 'Back to your answers' }).click();
    expect(await page.locator('#examinee-firstName dd').innerText()).to.equal('Ewan');
  });
});
