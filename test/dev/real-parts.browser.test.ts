import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import type { Mailbox } from '../../src/dev/mailbox.ts';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { openMailbox, waitForMail } from '../support/mailbox.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

const rita = 'rita@harbour-legal.example';

describe('a booking with all real services', function () {
  this.timeout(120_000);
  let browser: Browser;
  let simulator: Simulator;
  let mailbox: Mailbox;
  let app: TestApp;
  let watched: Watched;

  before(async () => {
    const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
    simulator = await startSimulator({ port: 0, ...credentials });
    [browser, mailbox] = await Promise.all([openBrowser(), openMailbox()]);
    app = await startTestApp({ env: { ACUITY_BASE_URL: simulator.url, SMTP_URL: mailbox.smtpUrl } });
    await app.system.worker.start();
    watched = await watchedPage(browser, app.url, { width: 1280, timezoneId: 'Pacific/Auckland' });
  });

  after(async () => {
    await watched.close();
    await app.system.worker.stop();
    await app.close();
    await simulator.close();
    await mailbox.close();
    await browser.close();
  });

  it('appears in Acuity, in the list and in the mailbox, is moved and is cancelled', async () => {
    const { page } = watched;
    await watched.signIn(rita);
    await page.goto('/bookings/new?type=telehealth&q=osman');
    await page.getByRole('button', { name: /Choose Dr Dalia Osman, Telehealth/ }).click();
    await page.locator('.slot').first().waitFor();
    expect(await page.locator('.zone-line').innerText())
      .to.contain('Perth time')
      .and.to.contain('Auckland time');
    await watched.check();
    await page.getByRole('radio').first().check({ force: true });
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('First name').fill('Marama');
    await page.getByLabel('Last name').fill('Ngata');
    await page.getByLabel('Phone').fill('+64 21 123 4567');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.waitForURL(/\?confirmed$/);
    await watched.check();
    const reference = await page.locator('.confirmation-reference').innerText();

    const booked = simulator.state.appointments.filter((one) => JSON.stringify(one).includes(reference));
    expect(booked).to.have.length(1);
    const mail = await waitForMail(mailbox, ({ text }) => text.includes(reference));
    expect(mail.to).to.deep.equal([rita]);

    await page.getByRole('link', { name: 'Reschedule' }).click();
    await page.getByRole('radio').last().check({ force: true });
    await page.getByRole('button', { name: 'Move the booking' }).click();
    await page.waitForURL(/\?rescheduled$/);
    await watched.check();
    expect(await page.locator('.timeline-what').allInnerTexts()).to.deep.equal(['Rescheduled', 'Scheduled']);

    await page.getByRole('link', { name: 'Cancel booking' }).click();
    await page.getByLabel(/^Reason/).fill('The case was settled');
    await page.getByRole('button', { name: 'Cancel the booking' }).click();
    await page.waitForURL(/\?cancelled$/);
    await watched.check();
    expect(simulator.state.appointments.find(({ id }) => id === booked[0]?.id)?.canceled).to.equal(true);
  });
});
