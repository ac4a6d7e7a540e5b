// A form with a question of each type, answered in a real browser, against the simulator over HTTP.
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { fields, openQuestionStack, type QuestionStack } from '../support/question-stack.ts';
import { rita } from '../support/webhook-stack.ts';
import { watchedPage, type Watched } from '../support/watched-page.ts';

describe('the questions of the specialist in a real browser', function () {
  this.timeout(120_000);
  let browser: Browser;
  let stack: QuestionStack;
  let watched: Watched;

  before(async () => {
    [browser, stack] = await Promise.all([openBrowser(), openQuestionStack()]);
  });
  after(async () => {
    await stack.close();
    await browser.close();
  });
  afterEach(() => watched.close());

  async function toExaminee(page: Page): Promise<void> {
    await watched.useSession(await stack.app.sessionCookie(rita));
    const day = (await stack.freeTime()).slice(0, 10);
    await page.goto('/bookings/new?q=iversen');
    await page.getByRole('button', { name: /Choose Dr Hugo Iversen, In person/ }).click();
    await page.waitForURL(/\/time$/);
    await page.goto(`${page.url()}?day=${day}`);
    await page.getByRole('radio').first().check({ force: true });
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/examinee$/);
    await page.getByLabel('First name').fill('Ewan');
    await page.getByLabel('Last name').fill('Marsh');
    await page.getByLabel('Phone').fill('0412 345 678');
  }

  for (const [width, javaScript, colorScheme] of [
    [1280, true, 'light'],
    [320, true, 'dark'],
    [390, false, 'light'],
  ] as const) {
    it(`are asked, checked, shown and sent at ${width} px ${javaScript ? 'with' : 'without'} JavaScript`, async () => {
      watched = await watchedPage(browser, stack.app.url, { width, javaScript, colorScheme });
      const { page } = watched;
      await toExaminee(page);
      const form = page.getByRole('region', { name: 'Before the assessment' });
      await watched.check();

      await form.getByLabel('Questions for the report').fill('Capacity for work?');
      await form.getByRole('checkbox', { name: 'Imaging' }).check();
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.locator('.error-summary:focus').waitFor();
      expect(await page.locator('.error-summary li').allInnerTexts()).to.deep.equal([
        'Enter an answer to “Your file reference”',
        'Choose an answer to “Kind of claim”',
        'Tick “The examinee knows that the assessment takes about two hours”: it is required',
        'Answer yes or no to “Does the examinee use glasses or a hearing aid?”',
      ]);
      await watched.check();
      for (const id of [fields.reference, fields.claim, fields.twoHours, fields.glasses]) {
        await page.locator(`.error-summary a[href="#answers-${id}"]`).click();
        await page.locator(`#answers-${id}:focus`).waitFor();
      }
      expect(await form.getByLabel('Questions for the report').inputValue()).to.equal('Capacity for work?');
      expect(await form.getByRole('checkbox', { name: 'Imaging' }).isChecked()).to.equal(true);

      await form.getByLabel('Your file reference').fill('HL-2207');
      await form.getByLabel('Kind of claim').selectOption('Work injury');
      await form.getByLabel(/The examinee knows/).check();
      await form.getByRole('checkbox', { name: 'Hospital records' }).check();
      await form.getByRole('radio', { name: 'No', exact: true }).check();
      await form.getByLabel('Address for the travel voucher').fill('12 High Street');
      await form.getByLabel('Link to the letter of instruction').fill('https://files.example/letter.pdf');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(/\/check$/);
      await watched.check();
      expect(await page.locator(`#answers-${fields.records} dd`).innerText()).to.equal(
        'Hospital records\nImaging',
      );

      await page.getByRole('button', { name: 'Confirm booking' }).click();
      await page.waitForURL(/\?confirmed$/);
      await watched.check();
      expect(await page.locator('#answers dd').allInnerTexts()).to.deep.equal([
        'HL-2207',
        'Capacity for work?',
        'Work injury',
        'Yes',
        'Hospital records\nImaging',
        'No',
        '12 High Street',
        'https://files.example/letter.pdf',
      ]);
      const reference = await page.locator('.confirmation-reference').innerText();
      const booking = (await stack.app
        .db('bookings')
        .where({ reference })
        .first('acuity_appointment_id')) as {
        acuity_appointment_id: number;
      };
      expect(await stack.inAcuity(booking.acuity_appointment_id)).to.include({
        [fields.reference]: 'HL-2207',
        [fields.claim]: 'Work injury',
        [fields.twoHours]: 'yes',
        [fields.records]: 'Hospital records,Imaging',
        [fields.glasses]: 'no',
      });
    });
  }

  it('asks a question that was added in Acuity a moment ago, at its field', async () => {
    watched = await watchedPage(browser, stack.app.url, { width: 390 });
    const { page } = watched;
    await stack.control('/forms', {
      forms: [
        {
          id: 571,
          name: 'Before the assessment',
          description: '',
          appointmentTypeIDs: [8005],
          fields: [{ id: fields.reference, name: 'Your file reference', required: true, type: 'textbox' }],
        },
      ],
    });
    await stack.app.db('acuity_forms').update({ read_at: stack.app.db.raw(`now() - interval '2 hours'`) });
    await toExaminee(page);
    await page.getByLabel('Your file reference').fill('HL-2207');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/check$/);
    await stack.control('/forms', {
      forms: [
        {
          id: 779,
          name: 'New',
          description: '',
          appointmentTypeIDs: [8005],
          fields: [
            { id: 9779, name: 'Dominant hand', required: true, type: 'dropdown', options: ['Left', 'Right'] },
          ],
        },
      ],
    });
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.locator('.error-summary:focus').waitFor();
    await watched.check();
    await page.getByRole('link', { name: 'Choose an answer to “Dominant hand”' }).click();
    await page.locator('#answers-9779:focus').waitFor();
    await page.getByLabel('Dominant hand').selectOption('Left');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/check$/);
    await page.getByRole('button', { name: 'Confirm booking' }).click();
    await page.waitForURL(/\?confirmed$/);
    expect(await page.locator('#answers dd').allInnerTexts()).to.deep.equal(['HL-2207', 'Left']);
  });

  it('shows on the open page of a booking what is changed in Acuity', async () => {
    watched = await watchedPage(browser, stack.app.url, { width: 1280 });
    const { page } = watched;
    await watched.useSession(await stack.app.sessionCookie(rita));
    const made = await stack.makeAppointment({
      datetime: await stack.freeTime(),
      appointmentTypeID: 8005,
      calendarID: 7008,
      fields: [],
    });
    await stack.settled();
    const booking = await stack.booking(made.id);
    await page.goto(`/bookings/${booking?.id}`);
    expect(await page.locator('#answers dd').count()).to.equal(0);
    await stack.staff('PUT', `/appointments/${made.id}?admin=true`, {
      fields: [{ id: fields.reference, value: 'HL-2208' }],
    });
    await page.getByText('HL-2208').first().waitFor();
    await page.getByText('Answers changed').waitFor();
    await watched.check();
  });
});
