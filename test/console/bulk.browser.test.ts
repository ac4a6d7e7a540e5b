// A morning's work by keyboard: one repair after the other, one action for many records, and a list as the person wants
// it; in both colour schemes, on a desk and on a phone.
import { expect } from 'chai';
import type { Browser, Locator, Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { aBookingOf, anEmailAbout } from '../support/console-records.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const looks = [
  { width: 1280, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const;

describe('a morning in the console', function () {
  this.timeout(120_000);
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
  afterEach(() => watched.close());

  const press = async (target: Locator, key = 'Enter') => {
    await target.focus();
    await page.keyboard.press(key);
  };

  for (const look of looks) {
    const open = async (path: string) => {
      watched = await watchedPage(browser, app.url, { ...look, timezoneId: 'Australia/Sydney' });
      ({ page } = watched);
      await watched.useSession(await app.sessionCookie('sam@examdesk.example'));
      await page.goto(path);
    };
    const where = `(${look.width} px, ${look.colorScheme})`;

    it(`leads from one repair to the next, and says when it was the last ${where}`, async () => {
      await app.db('bookings').delete();
      await aBookingOf(app.db, null, { starts_at: new Date('2027-06-01T09:00:00+10:00') });
      await aBookingOf(app.db, null, { starts_at: new Date('2027-06-02T09:00:00+10:00') });
      await open('/admin');
      const repair = page.getByRole('link', { name: 'Assign the next one' });
      await repair.waitFor();
      await watched.check();
      await press(repair);
      await page.getByText('Bookings without a referrer: 1 more').waitFor();
      await watched.check();
      await assignToRita();
      await page.getByText('Bookings without a referrer: 1 left').waitFor();
      await watched.check();
      await press(page.getByRole('link', { name: 'Next one' }));
      await page.getByText('Bookings without a referrer: this is the last one.').waitFor();
      await assignToRita();
      await page.getByText('Bookings without a referrer: that was the last one.').waitFor();
      await page.goto('/admin/next/no-referrer');
      await page.getByText('None left: Bookings without a referrer.').waitFor();
      await watched.check();
    });

    it(`leads on after a record was edited ${where}`, async () => {
      await app.db('emails').delete();
      await app.db('bookings').delete();
      for (const day of ['01', '02'])
        await aBookingOf(app.db, 'rita', {
          details_needed: true,
          starts_at: new Date(`2027-06-${day}T09:00:00+10:00`),
        });
      await open('/admin/next/details-needed');
      await page.getByText('Bookings with missing details: 1 more').waitFor();
      await press(page.getByRole('button', { name: 'Save' }));
      await page.getByText('Bookings with missing details: 1 left').waitFor();
      await watched.check();
      await press(page.getByRole('link', { name: 'Next one' }));
      await page.getByText('Bookings with missing details: this is the last one.').waitFor();
    });

    async function assignToRita(): Promise<void> {
      const search = page.getByRole('combobox', { name: 'Referrer' });
      await search.fill('rita');
      await page.getByRole('option', { name: /Rita Alvarez/ }).waitFor();
      await search.press('ArrowDown');
      await search.press('Enter');
      await press(page.getByRole('button', { name: 'Assign referrer' }));
    }

    it(`sends the selected e-mails again, and shows how far it is ${where}`, async () => {
      await app.db('emails').delete();
      const bookingId = await aBookingOf(app.db, 'rita');
      for (let n = 0; n < 3; n += 1) await anEmailAbout(app.db, bookingId);
      await anEmailAbout(app.db, bookingId, { status: 'queued' });
      await open('/admin/resources/emails');
      await page.getByLabel('Select this page').waitFor();
      await press(page.getByLabel('Select this page'), 'Space');
      await page.getByText('4 selected', { exact: true }).waitFor();
      await watched.check();
      await press(page.getByRole('button', { name: 'Send again: 4 selected' }));
      await page.getByRole('heading', { name: 'Send again: 3 e-mails' }).waitFor();
      await page.getByText('It is queued already').waitFor();
      await watched.check();
      await press(page.getByRole('button', { name: 'Send again: 3 e-mails' }));
      await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
      await watched.check();
      await app.system.services.bulkWork.continue(new URL(page.url()).pathname.split('/').at(-1) ?? '');
      await page.getByRole('heading', { name: '3 done, 1 skipped' }).waitFor();
      await watched.check();
    });

    it(`shows the columns and the views that a person chose ${where}`, async () => {
      await app.db('console_views').delete();
      await app.db('console_columns').delete();
      await app.db('emails').delete();
      await app.db('bookings').delete();
      await aBookingOf(app.db, 'rita', { claim_number: 'CL-77' });
      await open('/admin/resources/bookings?filters.status=active');
      await page.locator('tbody tr').first().waitFor();
      expect(await page.getByText('CL-77').count()).to.equal(0);
      await press(page.locator('summary').filter({ hasText: 'Columns' }));
      await press(page.getByRole('checkbox', { name: 'Claim number', exact: true }), 'Space');
      await watched.check();
      await press(page.getByRole('button', { name: 'Save columns' }));
      await page.locator('td[data-property-name="claimNumber"]').waitFor();
      await page.keyboard.press('Escape');
      await press(page.locator('summary').filter({ hasText: 'Views' }));
      await page.getByLabel('Keep these filters').fill('Open claims');
      await page.keyboard.press('Enter');
      await page.locator('summary').filter({ hasText: 'View: Open claims' }).waitFor();
      await watched.check();
      await page.goto('/admin/resources/bookings?filters.status=closed');
      await page.getByText('No matches').waitFor();
      await press(page.locator('summary').filter({ hasText: 'Views' }));
      await press(page.getByRole('link', { name: 'Open claims' }));
      await page.locator('td[data-property-name="claimNumber"]').waitFor();
      await page.locator('summary').filter({ hasText: 'View: Open claims' }).waitFor();
      await watched.check();
      // The columns of the view that is open are the view's.
      await page.locator('summary').filter({ hasText: 'Columns' }).click();
      await page.getByRole('group', { name: 'Columns of the view Open claims' }).waitFor();
      await press(page.getByRole('checkbox', { name: 'Claim number', exact: true }), 'Space');
      await watched.check();
      await press(page.getByRole('button', { name: 'Save columns' }));
      await page.locator('td[data-property-name="claimNumber"]').waitFor({ state: 'detached' });
      await page.locator('summary').filter({ hasText: 'View: Open claims' }).waitFor();
    });
  }
});
