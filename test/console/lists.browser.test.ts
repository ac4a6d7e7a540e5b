// The console's lists and forms as they are used: narrowed, searched and sorted, by keyboard, in a zone far from ours,
// and while the server does not answer.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page, Request } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { insertDocumentRow } from '../support/document-row.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';
import { until } from '../support/until.ts';

const bookings = '/admin/resources/bookings';

interface Sized {
  scrollWidth: number;
  clientWidth: number;
}

describe('the console’s lists in a browser', function () {
  this.timeout(90_000);
  let browser: Browser;
  let app: TestApp;
  let watched: Watched;
  let page: Page;
  const id = { marsh: '', nair: '', oakley: '' };
  const asked: string[] = [];

  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp()]);
    const { db } = app;
    id.marsh = await aBookingOf(db, 'rita', {
      reference: 'EX-AAAAAA',
      claim_number: 'CL-77',
      starts_at: new Date('2027-06-01T09:00:00+10:00'),
    });
    id.nair = await aBookingOf(db, 'nadia', {
      reference: 'EX-BBBBBB',
      examinee_first_name: 'Priya',
      examinee_last_name: 'Nair',
      starts_at: new Date('2027-06-02T23:30:00+10:00'),
    });
    id.oakley = await aBookingOf(db, null, {
      reference: 'EX-CCCCCC',
      examinee_first_name: 'Tom',
      examinee_last_name: 'Oakley',
      status: 'cancelled',
      current_progress: 'cancelled',
      starts_at: new Date('2027-06-03T00:30:00+10:00'),
    });
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  afterEach(() => watched.close());

  const open = async (
    path: string | null,
    width = 1280,
    timezoneId = 'Australia/Sydney',
    isDark = false,
    as = 'ada@examdesk.example',
  ) => {
    const colorScheme = isDark ? 'dark' : 'light';
    watched = await watchedPage(browser, app.url, { width, timezoneId, colorScheme });
    ({ page } = watched);
    asked.length = 0;
    page.on('request', (request: Request) => void asked.push(request.url()));
    await watched.useSession(await app.sessionCookie(as));
    if (path) await page.goto(path);
  };
  const rows = () => page.locator('tbody td[data-property-name="reference"]').allInnerTexts();
  /** The columns of the list have the same names. */
  const filter = (name: string) => page.locator('#console-filters').getByLabel(name, { exact: true });
  const listed = (...references: string[]) =>
    until(async () => (await rows()).toSorted().join() === references.toSorted().join());
  const waitForFirst = (reference: string) => until(async () => (await rows())[0] === reference);

  it('have their cards dark in the dark', async () => {
    await open('/admin', 1280, 'Australia/Sydney', true);
    await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
    const background = "getComputedStyle(document.querySelector('#app .card')).backgroundColor";
    expect(await page.evaluate(background)).to.equal('rgb(38, 35, 31)');
    await watched.check();
  });

  for (const width of [1280, 390])
    it(`show the menu of a row that can be read in the dark, ${width} px wide`, async () => {
      await open(bookings, width, 'Australia/Sydney', true);
      await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
      const row = page.locator('tbody tr').filter({ hasText: 'EX-AAAAAA' });
      await row.locator('td').last().locator('a').first().hover();
      await row.getByText('Change progress').waitFor();
      await watched.check();
    });

  /** A document of Marsh's booking. @returns its id */
  async function insertDocument(category: 'brief' | 'dictation') {
    const sam = await personOf(app.db, 'sam');
    return insertDocumentRow(app.db, { booking_id: id.marsh, uploaded_by_id: sam.id, category });
  }

  it('open pages of the portal and downloads from the menu of a row, and stay where Back leads', async () => {
    const document = await insertDocument('brief');
    const choose = async (text: string) => {
      const row = page.locator('tbody tr').first();
      await row.locator('td').last().locator('a').first().hover();
      await row.getByText(text).click();
    };
    await open('/admin/resources/documents');
    await choose('Receipt and history');
    await page.waitForURL(`**/documents/${document}/receipt`);
    await page.goBack();
    await page.route(`**/documents/${document}`, (route) =>
      route.fulfill({ body: 'text', headers: { 'Content-Disposition': 'attachment; filename="a.txt"' } }),
    );
    const download = page.waitForEvent('download');
    await choose('Download');
    expect((await download).suggestedFilename()).to.equal('a.txt');
    await page.locator('tbody tr').first().waitFor();
    expect(new URL(page.url()).pathname).to.equal('/admin/resources/documents');
    await app.db('documents').where({ id: document }).delete();
  });

  it('show below a record what belongs to it, and lead from there to the referrer’s session and back', async () => {
    await open(`${bookings}/records/${id.marsh}/show`);
    const audit = page.getByRole('region', { name: /^Audit log/ });
    await audit
      .getByRole('row', { name: /Booking viewed/ })
      .first()
      .waitFor();
    for (const [name, text] of [
      [/^Progress/, 'None'],
      [/^Documents/, 'None'],
      [/^E-mails/, 'None'],
      [/^Webhook events/, 'None'],
      [/^Differences from Acuity/, 'None'],
    ] as const)
      await page.getByRole('region', { name }).getByText(text).waitFor();
    await watched.check();
    const rita = (await app.db('bookings').where({ id: id.marsh }).first('created_by_id'))?.created_by_id;
    await page.getByRole('link', { name: 'Act as the referrer' }).click();
    await page.waitForURL(`**/admin/act-as?user=${rita}&booking=*`);
    await page.getByLabel('Why').fill('On the phone');
    await page.getByRole('button', { name: 'Act as Rita Alvarez' }).click();
    await page.waitForURL(`**/bookings/${id.marsh}`);
    await page.getByRole('button', { name: 'Stop acting' }).click();
    await page.waitForURL(`**${bookings}/records/${id.marsh}/show`);
    await page.goto(`/admin/resources/users/records/${rita}/show`);
    const hers = page.getByRole('region', { name: /^Bookings/ });
    await hers.getByRole('link', { name: 'EX-AAAAAA' }).click();
    await page.waitForURL(`**${bookings}/records/${id.marsh}/show`);
  });

  it('show support a record without the audit log', async () => {
    await open(
      `${bookings}/records/${id.marsh}/show`,
      1280,
      'Australia/Sydney',
      false,
      'sam@examdesk.example',
    );
    await page.getByRole('region', { name: /^Differences from Acuity/ }).waitFor();
    expect(await page.getByRole('region', { name: /^Audit log/ }).count()).to.equal(0);
    expect(await page.getByRole('link', { name: 'Act as the referrer' }).count()).to.equal(0);
  });

  it('show how many they are once that is known', async () => {
    await open(null);
    const answer = Promise.withResolvers<void>();
    await page.route('**/bookings/actions/list*', async (route) => {
      await answer.promise;
      await route.continue();
    });
    await page.goto(bookings);
    await page.getByRole('button', { name: 'Filter' }).waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).to.equal('Bookings');
    answer.resolve();
    await page.getByRole('heading', { name: 'Bookings 3', exact: true }).waitFor();
  });

  it('filter by keyboard alone, and clear the filters', async () => {
    await open(bookings);
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
    await page.getByRole('button', { name: 'Filter' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#filter-reference:focus').waitFor();
    await watched.check();
    await page.keyboard.press('Escape');
    await page.locator('#console-filter:focus').waitFor();
    expect(await filter('Status').isVisible()).to.equal(false);
    await page.keyboard.press('Space');
    await page.locator('#filter-reference:focus').waitFor();
    await filter('Status').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('button', { name: 'Apply' }).focus();
    await page.keyboard.press('Enter');
    await listed('EX-CCCCCC');
    await watched.check();
    await page.getByRole('link', { name: /Status: cancelled/ }).focus();
    await page.keyboard.press('Enter');
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
  });

  it('filter by examinee without showing the name in any URL', async () => {
    await open(bookings);
    await page.getByRole('button', { name: 'Filter' }).click();
    await filter('Examinee').fill('marsh');
    await filter('Claim number').fill('CL-77');
    await page.getByRole('button', { name: 'Apply' }).click();
    await listed('EX-AAAAAA');
    await page.getByRole('link', { name: 'Examinee: marsh' }).waitFor();
    // Opened again, also in another tab and after a look elsewhere, it says what was looked for.
    await page.reload();
    await listed('EX-AAAAAA');
    await page.getByRole('link', { name: 'Examinee: marsh' }).waitFor();
    await page.getByRole('button', { name: 'Filter (2)' }).click();
    await until(async () => (await filter('Examinee').inputValue()) === 'marsh');
    expect(page.url()).to.match(/filters\.examinee=[\w-]{38,}/);
    expect(asked.filter((url) => /marsh|CL-77/i.test(url))).to.deep.equal([]);
    const download = page.waitForEvent('download');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Export CSV' }).click();
    await download;
    const row = await app.db('audit_log').where({ action: 'records.exported' }).first();
    expect((row!.metadata as { filteredBy: string[] }).filteredBy).to.have.members([
      'examinee',
      'claimNumber',
    ]);
    await page.getByRole('link', { name: 'Clear all' }).click();
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
  });

  it('apply filters once their words are sealed, however long that takes', async () => {
    await open(bookings);
    const sealing = Promise.withResolvers<void>();
    await page.route('**/admin/views/*/find', async (route) => {
      await sealing.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Filter' }).click();
    await filter('Examinee').fill('nair');
    await page.keyboard.press('Enter');
    sealing.resolve();
    await listed('EX-BBBBBB');
    await page.unroute('**/admin/views/*/find');
    await page.route('**/admin/views/*/find', (route) => route.abort());
    await page.getByRole('button', { name: 'Filter (1)' }).click();
    await filter('Examinee').fill('oakley');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page
      .getByRole('alert')
      .getByText(/can’t reach the server/)
      .waitFor();
    await page.unroute('**/admin/views/*/find');
    await filter('Examinee').fill('');
    await page.getByRole('button', { name: 'Apply' }).click();
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
  });

  it('are shown without their head while the server does not answer, and with it on Try again', async () => {
    await open(null);
    await page.route('**/admin/api/views/*', (route) => route.abort());
    await page.goto(bookings);
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
    await page
      .getByRole('alert')
      .getByText(/can’t reach the server/)
      .waitFor();
    await page.unroute('**/admin/api/views/*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Filter' }).waitFor();
  });

  it('search name, reference and claim number in one box', async () => {
    await open(bookings);
    for (const [words, reference] of [
      ['oakley tom', 'EX-CCCCCC'],
      ['ex-bbbbbb', 'EX-BBBBBB'],
      ['cl-77', 'EX-AAAAAA'],
    ] as const) {
      await page.getByLabel('Search this list').fill(words);
      await page.keyboard.press('Enter');
      await listed(reference);
    }
    await page.getByLabel('Search this list').fill('nobody of that name');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('heading', { name: 'No matches' }).waitFor();
    await watched.check();
    await page.getByRole('button', { name: 'Show all' }).click();
    await listed('EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC');
    expect(asked.filter((url) => /oakley|nobody/i.test(url))).to.deep.equal([]);
  });

  for (const zone of ['Australia/Sydney', 'Pacific/Auckland', 'Europe/London']) {
    it(`filter by days in the reader’s zone ${zone}`, async () => {
      await open(bookings, 1280, zone);
      await page.getByRole('button', { name: 'Filter' }).click();
      await filter('Starts at, from').fill('2027-06-01');
      await filter('Starts at, to').fill('2027-06-02');
      await page.getByRole('button', { name: 'Apply' }).click();
      await listed('EX-AAAAAA', 'EX-BBBBBB');
      await page.getByRole('link', { name: /Starts at: to 2 June 2027/ }).waitFor();
    });
  }

  it('show days and times in words, with their year unless it is this one', async () => {
    const now = new Date();
    const year = now.getFullYear();
    await aDriftReport(app.db, { started_at: now, from_day: `${year}-02-03`, to_day: `${year + 1}-03-04` });
    await open('/admin/resources/drift-reports');
    const row = page.locator('tbody tr').first();
    await row.waitFor();
    const cell = (name: string) => row.locator(`td[data-property-name="${name}"]`).innerText();
    expect(await cell('fromDay')).to.equal(`3 Feb ${year}`);
    expect(await cell('toDay')).to.equal(`4 Mar ${year + 1}`);
    expect(await cell('startedAt')).to.match(/^\w{3} \d+ \w+, \d+:\d\d\s[ap]m$/);
    // A phone shows no heads of columns.
    await page.setViewportSize({ width: 390, height: 900 });
    await until(async () => (await cell('toDay')) === `To day 4 Mar ${year + 1}`);
    expect(await cell('appointments')).to.match(/^Appointments \d+$/);
  });

  it('keep the lines of a text in its record', async () => {
    const hart = await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id', 'examines');
    await open(`/admin/resources/specialists/records/${hart!.id}/show`);
    const label = page.getByText('What they examine', { exact: true });
    await label.waitFor();
    expect(await label.locator('..').innerText()).to.contain(hart!.examines);
  });

  it('say how a list without records gets some, in one frame', async () => {
    await open('/admin/resources/bulk-actions');
    await page.getByText('Begin one in a list: for the records that you select there').waitFor();
    const border = "getComputedStyle(document.querySelector('.empty')).borderTopStyle";
    expect(await page.evaluate(border)).to.equal('none');
  });

  it('sort by a column’s header, and by other columns in the filters', async () => {
    await open(bookings);
    await page.getByRole('link', { name: 'Reference', exact: true }).click();
    await page.waitForURL(/direction=asc&sortBy=reference/);
    await waitForFirst('EX-AAAAAA');
    expect(await rows()).to.deep.equal(['EX-AAAAAA', 'EX-BBBBBB', 'EX-CCCCCC']);
    await page.getByRole('button', { name: 'Filter' }).click();
    await filter('Sort by').selectOption('startsAt');
    await filter('Direction').selectOption('desc');
    await page.getByRole('button', { name: 'Apply' }).click();
    await waitForFirst('EX-CCCCCC');
  });

  it('link an organisation to its bookings and no others', async () => {
    await open('/admin/resources/organizations?filters.name=Harbour');
    await page.locator('td[data-property-name="bookings"] a').click();
    await listed('EX-AAAAAA');
    await page.getByRole('link', { name: /Organisation: selected/ }).waitFor();
  });

  it('keep the menus of their rows in sight when names are long', async () => {
    const [organisation] = await app.db('organizations').limit(1).pluck('id');
    await app
      .db('organizations')
      .where({ id: organisation })
      .update({ name: 'Ashgrove, Whittaker and Partners' });
    await open('/admin/resources/bookings');
    await waitForFirst('EX-CCCCCC');
    const content = page.locator('[data-css="app-content"]');
    expect(await content.evaluate((one: Sized) => one.scrollWidth - one.clientWidth)).to.equal(0);
  });

  it('show the reason of a difference whole', async () => {
    const reportId = await aDriftReport(app.db, {});
    const reason =
      'Acuity has another specialist for this appointment, whose calendar nobody here knows: add it first';
    await app.db('drift_items').insert({
      id: randomUUID(),
      report_id: reportId,
      appointment_id: 1_700_000_042,
      difference: 'unknown_calendar',
      state: 'left',
      announced: true,
      found_at: new Date(),
      reason,
    });
    await open('/admin/resources/drift-items');
    const shown = page.locator('td[data-property-name="reason"] > *');
    await shown.first().waitFor();
    expect(
      await shown
        .first()
        .evaluate(
          (one: { scrollHeight: number; clientHeight: number }) => one.scrollHeight - one.clientHeight,
        ),
    ).to.equal(0);
  });

  it('fit a phone, with their filters', async () => {
    await open(`${bookings}?filters.status=active`, 390);
    await listed('EX-AAAAAA', 'EX-BBBBBB');
    await page.getByRole('button', { name: 'Filter (1)' }).click();
    await watched.check();
  });

  describe('and their forms', () => {
    const assign = () => `${bookings}/records/${id.oakley}/assign`;

    it('find a referrer while typing, by keyboard', async () => {
      await app
        .db('bookings')
        .where({ id: id.oakley })
        .update({ status: 'active', current_progress: 'scheduled' });
      await open(assign());
      const field = page.getByRole('combobox', { name: 'Referrer' });
      await field.fill('nobody of that name');
      await page.getByRole('status').getByText('No matches').waitFor();
      await field.fill('riat alvarez');
      await page.getByRole('option', { name: /Rita Alvarez/ }).waitFor();
      expect(await field.getAttribute('aria-expanded')).to.equal('true');
      await watched.check();
      await page.keyboard.press('ArrowDown');
      const active = await field.getAttribute('aria-activedescendant');
      expect(await page.locator(`#${active}`).getAttribute('aria-selected')).to.equal('true');
      await page.keyboard.press('Escape');
      expect(await page.getByRole('option').count()).to.equal(0);
      await field.fill('rita');
      await page.getByRole('option', { name: /Rita Alvarez/ }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      expect(await field.inputValue()).to.contain('Rita Alvarez');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/show\?/);
    });

    it('ask whom to tell of a document only for a category that referrers see', async () => {
      const document = await insertDocument('dictation');
      await open(`/admin/resources/documents/records/${document}/edit`);
      const category = page.getByLabel('Category');
      const whom = page.getByLabel(/^Tell /);
      await category.waitFor();
      expect(await whom.count()).to.equal(0);
      await category.selectOption('report');
      expect(await whom.count()).to.equal(0);
      await category.selectOption('brief');
      await whom.first().waitFor();
    });

    it('show problems of fields that they do not have', async () => {
      await open(`${bookings}/records/${id.marsh}/edit`);
      await page.route('**/records/*/edit', (route) =>
        route.request().method() === 'POST'
          ? route.fulfill({
              status: 422,
              contentType: 'application/problem+json',
              json: {
                code: 'invalid',
                detail: 'Look at the fields.',
                record: {
                  recordActions: [],
                  params: {},
                  errors: {
                    form: { message: 'Look at the fields.' },
                    location: { message: 'Say where first' },
                    phone: { message: 'Enter a number' },
                  },
                },
              },
            })
          : route.continue(),
      );
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('alert').getByText('Say where first').waitFor();
      expect(await page.getByRole('alert').getByText('Enter a number').count()).to.equal(0);
      await page.getByText('Enter a number').waitFor();
    });

    it('keep what was typed when the server is away, and can be sent again', async () => {
      await open(`${bookings}/records/${id.marsh}/edit`);
      await page.getByLabel('Claim number').fill('CL-78');
      await page.route('**/records/*/edit', (route) => route.abort());
      await page.getByRole('button', { name: 'Save' }).click();
      await page
        .getByRole('alert')
        .getByText(/can’t reach the server/)
        .waitFor();
      await page.unroute('**/records/*/edit');
      await page.route('**/records/*/edit', (route) => route.fulfill({ status: 502, body: '<h1>Bad</h1>' }));
      await page.getByRole('button', { name: 'Save' }).click();
      await page
        .getByRole('alert')
        .getByText(/went wrong on our side/)
        .waitFor();
      await page.unroute('**/records/*/edit');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.waitForURL(/\/show\b/);
    });

    it('load on Try again once the server is back, as the first page does', async () => {
      await open(null);
      await page.route('**/admin/api/**/reconcile', (route) => route.abort());
      await page.route('**/admin/api/dashboard', (route) => route.abort());
      for (const [path, then] of [
        ['/admin/resources/drift-reports/actions/reconcile', 'Which days'],
        ['/admin', 'Needs attention'],
      ] as const) {
        await page.goto(path);
        await page
          .getByRole('alert')
          .getByText(/can’t reach the server/)
          .waitFor();
        await page.unroute(path === '/admin' ? '**/admin/api/dashboard' : '**/admin/api/**/reconcile');
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByText(then).waitFor();
      }
    });
  });
});
