// What staff do to a booking, a person and a specialist from the console's records, each to its effect; and a session
// that ends meanwhile.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { demoPassword } from '../../seeds/demo.ts';
import { dayAhead, timeAhead } from '../support/days.ts';
import { openBrowser } from '../support/browser.ts';
import { personOf } from '../support/console-records.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

describe('the console’s actions in a browser', function () {
  this.timeout(90_000);
  const acuity = createFakeAcuity();
  let browser: Browser;
  let app: TestApp;
  let watched: Watched;
  let page: Page;
  const id = { booking: '', specialist: '' };
  const nine = timeAhead(9);
  const ten = timeAhead(10);

  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp({ overrides: { acuity } })]);
    id.specialist = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id'))!.id;
    acuity.offer(7001, ten);
    id.booking = await bookAt(nine);
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  afterEach(() => watched.close());

  const bookAt = async (startsAt: string): Promise<string> => {
    acuity.offer(7001, startsAt);
    const rita = await app.signIn('rita@harbour-legal.example');
    const { body } = (await rita
      .post('/bookings')
      .send({
        specialistId: id.specialist,
        type: 'in_person',
        startsAt,
        examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
      })
      .expect(201)) as { body: { booking: { id: string } } };
    return body.booking.id;
  };
  const open = async (path: string, email = 'ada@examdesk.example') => {
    watched = await watchedPage(browser, app.url, { width: 1280 });
    ({ page } = watched);
    await watched.useSession(await app.sessionCookie(email));
    await page.goto(path);
  };
  const signInAgain = async (tab = page) => {
    // Not its address: of two requests that are refused, each leads there, and the first navigation is given up.
    await tab.getByLabel('Password').fill(demoPassword);
    await tab.getByLabel('E-mail address').fill('sam@examdesk.example');
    await tab.getByRole('button', { name: 'Sign in' }).click();
  };
  const record = (table: string, key: string) => `/admin/resources/${table}/records/${key}/show`;
  const follow = (label: string) =>
    page.getByRole('main').getByRole('link', { name: label, exact: true }).click();
  const booking = () => app.db('bookings').where({ id: id.booking }).first();

  it('reschedules a booking, and Back returns to the record', async () => {
    await open(record('bookings', id.booking), 'sam@examdesk.example');
    await follow('Reschedule');
    await page.getByRole('heading', { name: 'Choose another time' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: /^Booking EX-/ }).waitFor();
    // By its own address it forwards, and leaves no trace on the way back.
    await page.goto(`/admin/resources/bookings/records/${id.booking}/reschedule`);
    await page.getByRole('heading', { name: 'Choose another time' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: /^Booking EX-/ }).waitFor();
    await follow('Reschedule');
    await page.goto(`/bookings/${id.booking}/reschedule?day=${dayAhead()}`);
    await page.getByRole('radio', { name: '10:00' }).check();
    await page.getByRole('button', { name: /Move|Reschedule|Change/ }).click();
    await page.waitForURL(/rescheduled/);
    expect((await booking())?.starts_at).to.deep.equal(new Date(ten));
  });

  it('changes progress, with a note', async () => {
    await open(record('bookings', id.booking), 'sam@examdesk.example');
    await follow('Change progress');
    await page.getByLabel('New progress').selectOption('no_show');
    await page.getByLabel('Notes (optional)').fill('Waited for an hour');
    await page.getByRole('button', { name: 'Change progress' }).click();
    await page.getByText('The examination is in the future: tick this if you are certain').waitFor();
    await page.getByLabel('Change the progress although the examination is in the future').check();
    await page.getByRole('button', { name: 'Change progress' }).click();
    await page.locator('.tag', { hasText: 'Did not attend' }).waitFor();
    expect((await booking())?.current_progress).to.equal('no_show');
  });

  it('shows a choice that is no longer offered by its words', async () => {
    await open(record('bookings', id.booking), 'sam@examdesk.example');
    await follow('Change progress');
    await page.getByLabel('New progress').selectOption('generating_report');
    await page.getByLabel('Change the progress although the examination is in the future').check();
    const { version } = (await booking())!;
    const moved = { current_progress: 'generating_report', version: version + 1 } as const;
    await app.db('bookings').where({ id: id.booking }).update(moved);
    await page.getByRole('button', { name: 'Change progress' }).click();
    const gone = { name: 'No longer offered (Report being written)' };
    await page.getByRole('option', gone).waitFor({ state: 'attached' });
  });

  it('cancels a booking, in Acuity too', async () => {
    const booked = await bookAt(timeAhead(9, 1));
    await open(record('bookings', booked), 'sam@examdesk.example');
    await follow('Cancel booking');
    await page.getByLabel(/Reason/).fill('The case was settled');
    await page.getByRole('button', { name: 'Cancel the booking' }).click();
    await page.waitForURL(/cancelled/);
    const row = await app.db('bookings').where({ id: booked }).first();
    expect(row?.status).to.equal('cancelled');
    expect(acuity.appointments.get(row?.acuity_appointment_id as number)?.canceled).to.equal(true);
    await page.goto(record('bookings', booked));
    await page.locator('.tag', { hasText: 'Cancelled' }).first().waitFor();
    // What is over offers no way to end it.
    expect(await page.getByRole('link', { name: 'Cancel booking' }).count()).to.equal(0);
  });

  it('changes what can be booked with a specialist', async () => {
    // The calendar that this Acuity offers something on.
    const ines = randomUUID();
    await app.db('specialists').insert({
      id: ines,
      name: 'Dr Ines Roy',
      specialty: 'Neurology',
      acuity_calendar_id: 7009,
      timezone: 'Australia/Hobart',
      location: '1 Murray Street, Hobart',
    });
    await app.db('specialist_services').insert({
      specialist_id: ines,
      type: 'telehealth',
      acuity_appointment_type_id: 98,
      duration_minutes: 45,
    });
    await open(record('specialists', ines));
    await follow('Edit');
    const telehealth = page.getByLabel(/Telehealth: appointment type/);
    // What Acuity has taken away since does not look like what it offers.
    await telehealth.getByRole('option', { name: 'No longer offered (98)' }).waitFor({ state: 'attached' });
    await telehealth.selectOption('');
    await page.getByLabel(/In person: appointment type/).selectOption('99');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\?/);
    expect(await app.db('specialist_services').where({ specialist_id: ines }).pluck('type')).to.deep.equal([
      'in_person',
    ]);
  });

  it('starts acting as a referrer from their record', async () => {
    const nadia = await personOf(app.db, 'nadia');
    await open(record('users', nadia.id));
    await follow('Act as');
    await page.getByLabel('Why').fill('On the phone');
    await page.getByRole('button', { name: /Act as Nadia/ }).click();
    await page.waitForURL('**/bookings');
    await page.locator('.acting-banner', { hasText: 'Acting as Nadia' }).waitFor();
  });

  it('deactivates a person, who is signed out at once', async () => {
    const agent = await app.signIn('rob@harbour-legal.example');
    const rob = await personOf(app.db, 'rob');
    await open(record('users', rob.id));
    await follow('Deactivate');
    await page.getByRole('button', { name: 'Deactivate' }).click();
    await page.waitForURL(/\/show\?/);
    await agent.get('/bookings').expect(401);
    await page.getByRole('heading', { name: /Rob/ }).waitFor();
    expect(await page.getByRole('link', { name: 'Act as' }).count()).to.equal(0);
  });

  it('returns to the list and keeps what was typed when the session has ended', async () => {
    await open('/admin/resources/bookings?filters.status=active', 'sam@examdesk.example');
    await page.getByText('EX-').first().waitFor();
    // session.js asks once at the start: a later answer would say first that the session has ended.
    await page.locator('html[data-session-user]').waitFor({ state: 'attached' });
    const sam = await personOf(app.db, 'sam');
    const endAll = () => app.db('sessions').where({ user_id: sam.id }).del();
    await endAll();
    await page.getByRole('link', { name: 'Reference', exact: true }).click();
    await signInAgain();
    await page.waitForURL(/resources\/bookings\?.*sortBy=reference/);
    await page.getByText('EX-').first().waitFor();
    expect(page.url()).to.contain('filters.status=active');
    await page.goto(`/admin/resources/bookings/records/${id.booking}/edit`);
    await page.getByLabel('Claim number').fill('CL-1');
    await page.locator('html[data-session-user]').waitFor({ state: 'attached' });
    await endAll();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('Your session has ended').waitFor();
    expect((await booking())?.claim_number).to.equal(null);
    const other = await page.context().newPage();
    await other.goto('/sign-in?next=%2Fadmin');
    await signInAgain(other);
    await other.waitForURL(/\/admin$/);
    await other.close();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\b/);
    expect((await booking())?.claim_number).to.equal('CL-1');
  });

  it('reaches the menu, the lists and Sign out by keyboard', async () => {
    await open('/admin');
    // On a wide screen the menu is always there.
    await page.setViewportSize({ width: 1_100, height: 800 });
    await page.getByRole('button', { name: 'Menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Webhook events' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Webhook events/ }).waitFor();
    await page.getByRole('link', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sign-out');
  });
});
