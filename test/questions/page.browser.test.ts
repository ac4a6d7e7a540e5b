// An admin says which question of Acuity is which detail, from an empty installation on, against the simulated Acuity.
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { forgetForms, forgetMappings } from '../support/kept-questions.ts';
import { watchedPage } from '../support/watched-page.ts';

const shots = process.env.SCREENSHOTS;
const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };

const readers = [
  { name: 'on a desktop', width: 1280, javaScript: true, colorScheme: 'light' },
  { name: 'on a narrow phone in dark colours', width: 320, javaScript: true, colorScheme: 'dark' },
  { name: 'without JavaScript', width: 1280, javaScript: false, colorScheme: 'dark' },
] as const;

describe('Acuity’s questions in a browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let simulator: Simulator;
  let app: TestApp;
  before(async () => {
    browser = await openBrowser();
    simulator = await startSimulator({ port: 0, ...credentials });
    app = await startTestApp({
      env: { ACUITY_BASE_URL: simulator.url },
      overrides: { questions: { timings: { gapMs: 0 } } },
    });
  });
  after(async () => {
    await browser.close();
    await app.close();
    await simulator.close();
  });
  beforeEach(async () => {
    await control('reset', {});
    await forgetForms(app.db);
    await forgetMappings(app.db);
    await app.db('intake_fields').delete();
  });

  const control = (what: string, body: object) =>
    fetch(`${simulator.url}/_sim/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const removeClaimNumber = async () => {
    const text = (id: number, name: string, required = false) => ({ id, name, required, type: 'textbox' });
    const form = {
      id: 501,
      name: 'Examination details',
      appointmentTypeIDs: [8001, 8003, 8004],
      fields: [text(9101, 'Booking reference'), text(9102, 'Given name'), text(9120, 'Claim no', true)],
    };
    await control('forms', { forms: [form] });
  };

  for (const { name, ...options } of readers) {
    it(`can be told apart from the details by an admin, ${name}`, async () => {
      const watched = await watchedPage(browser, app.url, options);
      const { page } = watched;
      const look = async (what: string) => {
        await watched.check();
        if (shots)
          await page.screenshot({
            path: `${shots}/questions-${what}-${options.width}-${options.colorScheme}.png`,
            fullPage: true,
          });
      };
      try {
        await watched.useSession(await app.sessionCookie('ada@examdesk.example'));
        if (options.javaScript) {
          await page.goto('/admin');
          const waiting = page.getByRole('link', { name: /Examinations without our reference in Acuity/ });
          await waiting.waitFor();
          if (shots) await page.screenshot({ path: `${shots}/questions-first-page-${options.width}.png` });
          // On a wide screen the menu is always there.
          if (options.width < 1200) await page.getByRole('button', { name: 'Menu' }).click();
          const lists = page.getByRole('navigation').getByRole('link', { name: 'Acuity questions' });
          await lists.waitFor();
          if (shots) await page.screenshot({ path: `${shots}/questions-sidebar-${options.width}.png` });
          await lists.click();
        } else await page.goto('/admin/acuity-questions');
        await page.getByRole('heading', { name: 'No question holds our reference' }).waitFor();
        await look('suggested');
        expect(await page.getByLabel('Claim number', { exact: true }).inputValue()).to.equal('claim_number');

        // One detail for two questions.
        await page.getByLabel('Your file reference').selectOption({ label: 'Claim number' });
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByRole('link', { name: /chosen twice/ }).click();
        await look('refused');
        await page.getByLabel('Your file reference').selectOption({ label: 'Ask the referrer' });
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Saved. It applies to every booking from now on.').waitFor();
        await look('saved');
        expect(await page.getByRole('heading', { name: /reference/ }).count()).to.equal(0);

        await removeClaimNumber();
        await page.getByRole('button', { name: 'Read Acuity again' }).click();
        await page.getByRole('heading', { name: 'No longer in Acuity' }).waitFor();
        await look('changed');
        await page.getByLabel('Claim no', { exact: true }).selectOption({ label: 'Claim number' });
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('Saved. It applies to every booking from now on.').waitFor();
        await page.waitForLoadState();
        expect(await page.getByLabel('Claim no', { exact: true }).inputValue()).to.equal('claim_number');
      } finally {
        await watched.close();
      }
    });
  }
});
