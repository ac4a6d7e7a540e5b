// The staff pages of the simulator in a browser, on a desktop and a phone: what staff do reaches Acuity's API.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openSimulatorFixture, type SimulatorFixture } from '../support/simulator-fixture.ts';
import { watchedPage } from '../support/watched-page.ts';

const hostile = `<img src=x onerror="document.title='owned'">${'long'.repeat(30)}`;

describe('the staff pages of the simulator', function () {
  this.timeout(60_000);
  let browser: Browser;
  let fixture: SimulatorFixture;

  before(async () => {
    fixture = await openSimulatorFixture();
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await fixture.simulator.close();
  });
  beforeEach(() => fixture.control('reset', {}));

  for (const width of [1_280, 375]) {
    it(`book, move, link and cancel at ${width} pixels, in light and dark`, async () => {
      const watched = await watchedPage(browser, fixture.simulator.url, { width });
      const { page } = watched;
      const stored = () => fixture.simulator.state.appointments[0];
      await page.goto('/');
      await watched.checkBothSchemes();
      await page.getByRole('link', { name: 'Book', exact: true }).click();
      await watched.checkBothSchemes();
      await page.getByLabel('Client’s first name').fill(hostile);
      await page.getByLabel('Client’s last name').fill('Alvarez');
      await page.getByLabel('Booking reference').fill(hostile);
      await page.getByRole('button', { name: 'Book as staff' }).click();
      await watched.checkBothSchemes();
      expect(await page.getByRole('alert').textContent()).to.equal('The parameter "datetime" is required.');
      expect(await page.getByLabel('Client’s first name').inputValue()).to.equal(hostile);

      await page.getByLabel('Time, in the calendar’s own zone').fill('2026-12-01T09:00');
      await page.getByRole('button', { name: 'Book as staff' }).click();
      await page
        .getByRole('heading', { name: /^Tuesday, December 1, 2026, 9:00am Dr Amelia Hart/ })
        .waitFor();
      await watched.checkBothSchemes();

      await page.getByLabel('New time').fill('2026-12-03T10:10');
      await page.getByRole('button', { name: 'Reschedule' }).click();
      await page.getByRole('heading', { name: /^Thursday, December 3, 2026, 10:10am/ }).waitFor();
      expect(stored()?.datetime).to.equal('2026-12-02T23:10:00.000Z');

      await page.getByLabel('Meeting link or location').fill('https://meet.example/1');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('dd', { hasText: 'https://meet.example/1' }).waitFor();

      await page.getByRole('button', { name: 'Cancel appointment' }).click();
      await page.getByText('Cancelled', { exact: true }).waitFor();
      await page.waitForLoadState();
      expect(stored()).to.include({ canceled: true, noShow: false, location: 'https://meet.example/1' });
      expect(await page.getByRole('button', { name: 'Reschedule' }).count()).to.equal(0);

      for (const path of ['/', '/deliveries', '/appointments/1']) {
        await page.goto(path);
        await watched.checkBothSchemes();
        expect(await page.title()).not.to.include('owned');
      }
      await watched.close();
    });
  }

  for (const width of [1_280, 320]) {
    it(`show the questions of the chosen type at ${width} pixels`, async () => {
      const watched = await watchedPage(browser, fixture.simulator.url, { width });
      const { page } = watched;
      await page.goto('/book');
      await page.getByLabel('Calendar', { exact: true }).selectOption('7008');
      await page.getByLabel('Type', { exact: true }).selectOption('8005');
      await page.getByLabel('Client’s first name').fill('Rita');
      await page.getByRole('button', { name: 'Show the questions of this type' }).click();
      await page.getByRole('heading', { name: 'Before the assessment' }).waitFor();
      await watched.check();
      expect(await page.getByLabel('Client’s first name').inputValue()).to.equal('Rita');

      await page.getByLabel('Time, in the calendar’s own zone').fill('2026-12-07T09:00');
      await page.getByLabel('Client’s last name').fill('Alvarez');
      await page.getByLabel('Kind of claim').selectOption('Work injury');
      await page.getByLabel('The examinee knows').check();
      await page.getByLabel('Imaging').check();
      await page.getByLabel('Earlier reports').check();
      await page
        .getByRole('group', { name: /glasses or a hearing aid/ })
        .getByLabel('No')
        .check();
      await page.getByRole('button', { name: 'Book as staff' }).click();
      await page.locator('dd', { hasText: 'Imaging, Earlier reports' }).waitFor();
      await watched.check();
      expect(await page.getByLabel('Kind of claim').inputValue()).to.equal('Work injury');

      await page.getByLabel('Imaging').uncheck();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('dd', { hasText: /^Earlier reports$/ }).waitFor();
      await watched.close();
    });
  }
});
