import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { openWebhookStack, rita, type WebhookStack } from '../support/webhook-stack.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

describe('open booking page', function () {
  this.timeout(60_000);
  let browser: Browser;
  let stack: WebhookStack;
  let watched: Watched;

  before(async () => {
    [browser, stack] = await Promise.all([openBrowser(), openWebhookStack()]);
    watched = await watchedPage(browser, stack.app.url, { width: 1280 });
  });

  after(async () => {
    await watched.close();
    await browser.close();
    await stack.close();
  });

  it('shows changes of the clinic within seconds, and keeps selection and scroll position', async () => {
    const { page } = watched;
    const { id, datetime } = await stack.makeAppointment();
    await stack.settled();
    const booking = await stack.booking(id);
    await watched.useSession(await stack.app.sessionCookie(rita));
    await page.goto(`/bookings/${booking?.id}`);
    const asked = await page.waitForRequest(/\/status\b/);
    expect(await asked.headerValue('x-polling'), 'so that it keeps nobody awake').to.equal('true');
    const startsBefore = await page.locator('#appointment dd').first().innerText();
    await page.getByLabel('Category').selectOption('brief');
    await page.getByLabel('Files').setInputFiles({
      name: 'brief.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('What is asked of the specialist.'),
    });
    await page.getByLabel('Category').focus();

    const later = new Date(Date.parse(datetime.replace(/(\d\d)$/, ':$1')) + 3 * 3_600_000).toISOString();
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: later });
    await page.locator('#booking-tags').getByText('Rescheduled').waitFor();
    expect(await page.locator('#appointment dd').first().innerText()).not.to.equal(startsBefore);
    expect(await page.locator('.timeline-what').allInnerTexts()).to.deep.equal(['Rescheduled', 'Scheduled']);
    expect(await page.locator('#booking-watch').innerText()).to.contain('Rescheduled');
    expect(await page.getByLabel('Category').inputValue()).to.equal('brief');
    expect(await page.evaluate('document.querySelector("#files").files.length')).to.equal(1);
    expect(await page.evaluate('document.activeElement.id')).to.equal('category');
    await watched.check();

    await page.locator('#booking-next .button').focus();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await page.locator('#booking-tags').getByText('Cancelled').waitFor();
    await page.locator('#booking-next .button:focus').waitFor();
    expect(await page.locator('#booking-cancel').count()).to.equal(0);
    await watched.check();
  });
});
