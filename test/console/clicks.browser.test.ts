// What staff click in the console, each to its effect; and every kind of its pages under axe, our policy and two
// widths.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { bytesOf, openBrowser } from '../support/browser.ts';
import { personOf } from '../support/console-records.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

describe('the console in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let app: TestApp;
  let watched: Watched;
  let page: Page;
  const id = {
    booking: randomUUID(),
    event: randomUUID(),
    email: randomUUID(),
    specialist: '',
    rob: '',
    firm: '',
  };

  before(async () => {
    [browser, app] = await Promise.all([
      openBrowser(),
      startTestApp({ overrides: { acuity: createFakeAcuity() } }),
    ]);
    const { db } = app;
    id.specialist = (await db('specialists').where({ acuity_calendar_id: 7001 }).first('id'))!.id;
    id.rob = (await db('users').where({ email: 'rob@harbour-legal.example' }).first('id'))!.id;
    id.firm = (await db('organizations').where({ name: 'Northside Claims' }).first('id'))!.id;
    await db('bookings').insert({
      id: id.booking,
      reference: 'EX-7K3M9Q',
      acuity_appointment_id: 880_001,
      specialist_id: id.specialist,
      source: 'acuity_direct',
      type: 'in_person',
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      examinee_phone: '+61412345678',
      starts_at: new Date(Date.now() + 86_400_000),
      duration_minutes: 60,
      timezone: 'Australia/Sydney',
    });
    const rita = await personOf(db, 'rita');
    await db('bookings').update({ created_by_id: rita.id, organization_id: rita.organizationId });
    await db('webhook_events').insert({
      id: id.event,
      channel: 'relay',
      action: 'changed',
      appointment_id: 880_001,
      state: 'dead',
      body: Buffer.from('action=changed&id=880001'),
      body_digest: Buffer.alloc(32),
      attempts: 12,
      received_at: new Date(),
      booking_id: id.booking,
    });
    await db('emails').insert({
      id: id.email,
      kind: 'booking_confirmation',
      dedupe_key: 'x',
      recipient: 'rita@harbour-legal.example',
      booking_id: id.booking,
      status: 'failed',
      attempts: 8,
      last_error: 'ETIMEDOUT',
    });
    await db.raw(
      `select graphile_worker.add_job('settle_booking', '{}', run_at := now() + interval '1 day')`,
    );
    await db.raw(`update graphile_worker._private_jobs set attempts = max_attempts, last_error = 'It broke'`);
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  afterEach(() => watched.close());

  const open = async (path: string, width = 1280, email = 'ada@examdesk.example') => {
    watched = await watchedPage(browser, app.url, { width });
    ({ page } = watched);
    await watched.useSession(await app.sessionCookie(email));
    await page.goto(path);
  };
  const record = (table: string, key: string) => `/admin/resources/${table}/records/${key}/show`;
  /** Follows the action and confirms it; it leads to the record, or to the list. */
  const confirm = async (action: string, then: RegExp) => {
    await page.getByRole('link', { name: action, exact: true }).click();
    await page.getByRole('button', { name: action, exact: true }).click();
    await page.waitForURL(then);
  };

  for (const [what, path, ready] of [
    ['the first page', '/admin', 'Needs attention'],
    ['a list', '/admin/resources/bookings', 'EX-7K3M9Q'],
    ['a record', record('bookings', id.booking), 'EX-7K3M9Q'],
    ['a form', `/admin/resources/bookings/records/${id.booking}/edit`, 'Claim number (optional)'],
  ] as const) {
    it(`shows ${what} to everybody, at 1280 and 390 px, in light and dark, without breaking its policy`, async () => {
      await open(path, 1280, 'sam@examdesk.example');
      await page.getByText(ready).first().waitFor();
      // console-access.js has run.
      await page.getByRole('main').waitFor();
      await watched.checkBothSchemes();
      await watched.resize(390);
      await watched.checkBothSchemes();
    });
  }

  it('links a booking to its specialist', async () => {
    await open('/admin/resources/bookings');
    await page.getByRole('link', { name: 'Dr Amelia Hart' }).click();
    await page.waitForURL(`**${record('specialists', id.specialist)}`);
  });

  it('replays a webhook event', async () => {
    await open(record('webhook-events', id.event));
    await confirm('Replay webhook', /\/show\?/);
    const event = await app.db('webhook_events').where({ id: id.event }).first();
    expect(event?.state).not.to.equal('dead');
    expect(event?.replayed_at).to.be.an.instanceOf(Date);
  });

  it('sends an e-mail again, and shows who did', async () => {
    await open(record('emails', id.email), 1280, 'sam@examdesk.example');
    await confirm('Send again', /\/show\?/);
    await page.getByText('by Sam Whitlock').waitFor();
  });

  it('runs a failed job again', async () => {
    const [job] = (await app.db.raw('select id from graphile_worker.jobs where attempts >= max_attempts'))
      .rows;
    await open(record('failed-jobs', String(job.id)));
    // AdminJS adds ?refresh=true to the list's address, and takes it away again.
    await confirm('Run again', /\/failed-jobs(\?|$)/);
    const { rows } = await app.db.raw('select attempts from graphile_worker.jobs where id = ?', [job.id]);
    expect(rows).to.deep.equal([{ attempts: 0 }]);
  });

  it('starts a reconciliation, by a button that is there once the form is', async () => {
    await open('/admin/resources/drift-reports');
    const form = Promise.withResolvers<void>();
    await page.route('**/drift-reports/actions/reconcile', async (route) => {
      await form.promise;
      await route.fallback();
    });
    await page.getByRole('link', { name: 'Reconcile now', exact: true }).click();
    await page.getByText('Loading…').waitFor();
    const button = page.getByRole('button', { name: 'Reconcile now', exact: true });
    expect(await button.count()).to.equal(0);
    form.resolve();
    await button.click();
    await page.waitForURL(/\/drift-reports(\?|$)/);
    expect(await app.db('drift_reports').pluck('kind')).to.deep.equal(['manual']);
  });

  it('leaves whoever goes elsewhere while a form is saved where they are, and tells them', async () => {
    const edit = `/admin/resources/specialists/records/${id.specialist}/edit`;
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    await open(edit);
    await page.route(`**${edit.replace('/admin/', '/admin/api/')}`, async (route) => {
      if (route.request().method() === 'POST') {
        arrived.resolve();
        await answer.promise;
      }
      await route.fallback();
    });
    await page.getByLabel('Title (optional)').fill('Surgeon');
    await page.getByRole('button', { name: 'Save' }).click();
    await arrived.promise;
    await page.getByRole('link', { name: 'Today' }).first().click();
    await page.getByText('Needs attention').waitFor();
    answer.resolve();
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(new URL(page.url()).pathname).to.equal('/admin');
  });

  it('edits a specialist, and shows problems at their fields', async () => {
    await open(record('specialists', id.specialist));
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Enter a name').waitFor();
    await watched.check();
    await name.fill('Dr Amelia Hart-Smith');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\b/);
    expect((await app.db('specialists').where({ id: id.specialist }).first('name'))?.name).to.equal(
      'Dr Amelia Hart-Smith',
    );
  });

  it('adds a specialist from a calendar of Acuity', async () => {
    await open('/admin/resources/specialists');
    await page.getByRole('link', { name: 'Add specialist' }).click();
    const types = page.getByLabel(/Telehealth: appointment type/).locator('option');
    const calendar = page.getByLabel('Calendar in Acuity');
    await calendar.selectOption('7009');
    const name = page.getByLabel('Name', { exact: true });
    await until(async () => (await name.inputValue()).length > 1);
    const chosen = await calendar.locator('option:checked').innerText();
    expect(chosen.startsWith(`${await name.inputValue()} (`), chosen).to.equal(true);
    const [none, ...offered] = await types.allInnerTexts();
    expect(none).to.equal('Not offered');
    expect(offered).to.have.length.above(0);
    for (const label of offered) expect(label).to.contain(await name.inputValue());
    await name.fill('Dr Ines Roy');
    await page.getByLabel('Specialty').fill('Neurology');
    await page.getByLabel(/Telehealth: appointment type/).selectOption({ index: 1 });
    await watched.check();
    const save = page.waitForRequest(/\/actions\/new$/);
    await page.getByRole('button', { name: 'Save' }).click();
    // Not the form, whose choices may be larger than a body may be.
    expect(Object.keys((await save).postDataJSON() as object))
      .to.include('name')
      .and.not.include('form');
    // AdminJS's address after it, with “refresh”, comes and goes.
    await until(async () => (await app.db('specialists').where({ name: 'Dr Ines Roy' })).length === 1);
    await page.goto('/specialists?q=Ines');
    await page.getByText('Neurology').locator('visible=true').first().waitFor();
  });

  it('edits an organisation', async () => {
    await open(record('organizations', id.firm));
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Name').fill('Northside Insurance');
    await page.getByLabel(/Remind examinees/).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\b/);
    expect(
      await app.db('organizations').where({ id: id.firm }).first('name', 'reminds_examinees'),
    ).to.deep.equal({
      name: 'Northside Insurance',
      reminds_examinees: true,
    });
  });

  it('ends a person’s sessions, who is signed out at the next request', async () => {
    const rob = await app.signIn('rob@harbour-legal.example');
    await open(record('users', id.rob));
    await confirm('End sessions', /\/show\?/);
    await rob.get('/bookings').expect(401);
  });

  it('exports the filtered list as CSV', async () => {
    await app.db('bookings').insert({
      id: randomUUID(),
      reference: 'EX-2A2A2A',
      acuity_appointment_id: 880_002,
      status: 'cancelled',
      specialist_id: id.specialist,
      source: 'acuity_direct',
      type: 'in_person',
      duration_minutes: 60,
      current_progress: 'cancelled',
      starts_at: new Date(),
      timezone: 'Australia/Sydney',
      examinee_first_name: 'Tom',
      examinee_last_name: 'Oakley',
      examinee_phone: '+61412345678',
    });
    await open('/admin/resources/bookings?filters.status=active');
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export CSV' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).to.match(/^bookings-\d{4}-\d\d-\d\d\.csv$/);
    const lines = (await bytesOf(download)).toString().trim().split('\r\n');
    expect(lines).to.have.length(2);
    const rows = await app.db('audit_log').where({ action: 'records.exported' });
    expect(rows.map(({ metadata }: { metadata: unknown }) => metadata)).to.deep.equal([
      { table: 'bookings', filteredBy: ['status'] },
    ]);
  });
});
