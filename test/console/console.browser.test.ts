import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { demoPassword } from '../../seeds/demo.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';

describe('the console in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let app: TestApp;
  let page: Page;
  const bookingId = randomUUID();
  const asked: string[] = [];
  const faults: string[] = [];

  before(async () => {
    [browser, app] = await Promise.all([openBrowser(), startTestApp()]);
    const specialist = (await app.db('specialists').orderBy('position').first('id')) as { id: string };
    await app.db('bookings').insert({
      id: bookingId,
      reference: 'EX-7K3M9Q',
      acuity_appointment_id: 880_001,
      specialist_id: specialist.id,
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      examinee_phone: '+61412345678',
      starts_at: new Date(),
      duration_minutes: 60,
      timezone: 'Australia/Sydney',
      type: 'in_person',
      source: 'acuity_direct',
    });
    const context = await browser.newContext({ baseURL: app.url, viewport: { width: 1360, height: 900 } });
    page = await context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text());
    });
    await page.goto('/sign-in?next=%2Fadmin');
    await page.getByLabel('E-mail address').fill('ada@examdesk.example');
    await page.getByLabel('Password').fill(demoPassword);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  });
  after(async () => {
    await browser.close();
    await app.close();
  });
  afterEach(async () => {
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/${Date.now()}.png`, fullPage: true });
  });

  it('loads at most 900 KB at first, of which 30 KB are the page, and 60 KB for the next page', async () => {
    const context = await browser.newContext({ baseURL: app.url });
    try {
      await context.addCookies([{ ...(await app.sessionCookie('ada@examdesk.example')), url: app.url }]);
      const fresh = await context.newPage();
      const wire = await context.newCDPSession(fresh);
      await wire.send('Network.enable');
      let [bytes, document] = [0, ''];
      const ofDocument = { bytes: 0 };
      wire.on('Network.responseReceived', ({ requestId, type }) => {
        if (type === 'Document') document = requestId;
      });
      // What the browser has kept counts nothing.
      wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
        bytes += encodedDataLength;
        if (requestId === document) ofDocument.bytes = encodedDataLength;
      });
      const load = async (address: string, ready: string) => {
        bytes = 0;
        await fresh.goto(address);
        await fresh.getByRole('heading', { name: ready }).waitFor();
        await fresh.waitForLoadState('networkidle');
        return bytes;
      };
      expect(await load('/admin', 'Needs attention')).to.be.within(400_000, 900_000);
      expect(ofDocument.bytes).to.be.within(1_000, 30_000);
      for (const [address, ready] of [
        ['/admin/resources/bookings', 'Bookings'],
        [`/admin/resources/bookings/records/${bookingId}/show`, 'EX-7K3M9Q'],
        ['/admin/figures', 'Figures'],
      ] as const)
        expect(await load(address, ready), address).to.be.within(1_000, 60_000);
    } finally {
      await context.close();
    }
  });

  it('links a number of the first page to its list', async () => {
    const card = page.getByRole('link', { name: /Bookings without a referrer/ });
    expect(await card.locator('strong').innerText()).to.equal('1');
    await card.click();
    await page.getByText('EX-7K3M9Q').waitFor();
  });

  it('assigns a booking to a referrer', async () => {
    await page.goto(`/admin/resources/bookings/records/${bookingId}/show`);
    await page.getByText('Assign referrer').first().click();
    await page.getByRole('combobox', { name: 'Referrer' }).fill('rita');
    await page.getByRole('option', { name: /Rita/ }).click();
    await page.getByRole('button', { name: 'Assign referrer' }).click();
    await page.waitForURL(/\/show\?/);
    const row = (await app.db('bookings').where({ id: bookingId }).first('organization_id')) as {
      organization_id: string | null;
    };
    expect(row.organization_id).not.to.equal(null);
  });

  it('leads from a form back to its record without saving', async () => {
    await page.goto(`/admin/resources/bookings/records/${bookingId}/edit`);
    await page.getByLabel('Claim number').fill('CL-0');
    await page.getByRole('link', { name: 'Cancel', exact: true }).click();
    await page.waitForURL(/\/show$/);
    expect(
      (await app.db('bookings').where({ id: bookingId }).first('claim_number'))?.claim_number,
    ).not.to.equal('CL-0');
  });

  it('asks before a click in the menu loses what was typed into a form', async () => {
    const questions: string[] = [];
    const answerWith = (leaves: boolean) =>
      page.once('dialog', async (dialog) => {
        questions.push(dialog.message());
        await (leaves ? dialog.accept() : dialog.dismiss());
      });
    const menuLink = page.getByRole('link', { name: 'Specialists', exact: true });
    await page.goto(`/admin/resources/bookings/records/${bookingId}/edit`);
    await page.getByLabel('Claim number').fill('CL-0');
    answerWith(false);
    await menuLink.click();
    expect(await page.getByLabel('Claim number').inputValue()).to.equal('CL-0');
    answerWith(true);
    await menuLink.click();
    await page.waitForURL(/\/resources\/specialists/);
    expect(questions).to.deep.equal(Array(2).fill('Leave this form? What you typed is not saved.'));
  });

  it('shows both values when somebody else has saved first', async () => {
    await page.goto(`/admin/resources/bookings/records/${bookingId}/edit`);
    await page.getByLabel('Claim number').fill('CL-1');
    await app
      .db('bookings')
      .where({ id: bookingId })
      .update({ claim_number: 'CL-2', version: app.db.raw('version + 1') });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Now: CL-2').waitFor();
    expect(await page.getByLabel('Claim number').inputValue()).to.equal('CL-1');
  });

  it('saves over the other value at the second attempt', async () => {
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\b/);
  });

  it('shows the metadata of the audit log readably', async () => {
    const { id } = (await app
      .db('audit_log')
      .where({ action: 'booking.edited' })
      .orderBy('id', 'desc')
      .first('id')) as {
      id: number;
    };
    await page.goto(`/admin/resources/audit/records/${id}/show`);
    await page.locator('.tag', { hasText: 'Details changed' }).waitFor();
    await page.getByText('"columns"').waitFor();
  });

  it('keeps what was typed into a form after the session has ended', async () => {
    await page.goto(`/admin/resources/bookings/records/${bookingId}/edit`);
    await page.getByLabel('Claim number').fill('CL-3');
    // session.js asks once at the start: a later answer would say first that the session has ended.
    await page.locator('html[data-session-user]').waitFor({ state: 'attached' });
    await app.db('sessions').delete();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your session has ended, and nothing was saved.').waitFor();
    const { name, value } = await app.sessionCookie('ada@examdesk.example');
    await page.context().addCookies([{ name, value, url: app.url }]);
    await page.getByRole('link', { name: 'Sign in and go on' }).click();
    await page.getByText('What you typed is here again').waitFor();
    expect(await page.getByLabel('Claim number').inputValue()).to.equal('CL-3');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/show\b/);
  });

  it('shows a page of ours when a click leads to what the role may not open', async () => {
    const { name, value } = await app.sessionCookie('sam@examdesk.example');
    const context = await browser.newContext({ baseURL: app.url });
    await context.addCookies([{ name, value, url: app.url }]);
    const sams = await context.newPage();
    for (const address of ['resources/users', 'resources/specialists/actions/new', 'pages/nowhere']) {
      await sams.goto('/admin');
      await sams.getByRole('heading', { name: 'Needs attention' }).waitFor();
      // As AdminJS's links do: the address changes without a request for a page.
      await sams.evaluate(`history.pushState({}, '', '/admin/${address}');
        dispatchEvent(new PopStateEvent('popstate', { state: {} }));`);
      await sams.getByRole('link', { name: 'Back to the console' }).waitFor();
    }
    await context.close();
  });

  it('sends requests to our origin only, and never violates the CSP', () => {
    expect(asked.filter((url) => !url.startsWith(app.url) && !url.startsWith('data:'))).to.deep.equal([]);
    expect(faults).to.deep.equal([]);
  });
});
