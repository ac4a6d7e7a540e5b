// The examinee's step with Acuity's own questions, page by page and without JavaScript.
import { expect } from 'chai';
import type { AcuityFailure } from '../../src/ports/acuity.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { detailsForm } from '../support/fakes/acuity.ts';
import { forgetForms } from '../support/kept-questions.ts';
import { markupErrors, type Visit, type Visitor } from '../support/visitor.ts';
import {
  draftIdOf,
  ewan,
  inUtc,
  nineOnTuesday,
  openPageFixture,
  rita,
  type PageFixture,
} from '../support/page-fixture.ts';

const records = ['Hospital records', 'Imaging, on disc', 'Earlier reports'];
const form = aForm({
  name: 'Before the examination',
  description: 'Answer for the examinee.',
  fields: [
    aField({ id: 1, name: 'Your file reference', required: true }),
    aField({ id: 2, name: 'Questions for the report', type: 'textarea' }),
    aField({ id: 3, name: 'Kind of claim', type: 'dropdown', required: true, options: ['Work', 'Motor'] }),
    aField({ id: 4, name: 'The examinee agrees', type: 'checkbox', required: true }),
    aField({ id: 5, name: 'Records you send', type: 'checkboxlist', required: true, options: records }),
    aField({ id: 6, name: 'Glasses?', type: 'yesno', required: true }),
    aField({ id: 7, name: 'Address for the voucher', type: 'address' }),
    aField({ id: 8, name: 'Letter of instruction', type: 'file', required: true }),
  ],
});
const added = aForm({
  id: 777,
  name: 'New',
  fields: [aField({ id: 9, name: 'Dominant hand', required: true })],
});

type Fields = [string, string][];
const answered: Fields = [
  ...Object.entries(ewan),
  ['answers.1', 'HL-2207'],
  ['answers.2', 'Capacity?\r\nPrognosis?'],
  ['answers.3', 'Work'],
  ['answers.4', 'yes'],
  ['answers.5', 'Imaging, on disc'],
  ['answers.5', 'Hospital records'],
  ['answers.6', 'no'],
  ['answers.7', '12 High Street'],
  ['answers.8', ''],
];
const refused = (fieldId: number): { fails: AcuityFailure } => ({
  fails: {
    reason: 'refused',
    code: 'required_field',
    status: 400,
    message: `The field "${fieldId}" is required.`,
  },
});

describe('the questions of the specialist, page by page', () => {
  let fixture: PageFixture;
  let visitor: Visitor;

  before(async () => {
    fixture = await openPageFixture();
  });
  after(() => fixture.close());
  beforeEach(async () => {
    await offer(7001);
    fixture.acuity.showForms(detailsForm(), form);
    await forgetForms(fixture.app.db);
    visitor = await fixture.signedIn(rita);
  });

  /** The time that drafts are begun for, also when an earlier test has booked it. */
  const offer = async (calendarId: number) => {
    fixture.acuity.offer(calendarId, nineOnTuesday);
    await fixture.app.system.services.availability.invalidate(calendarId);
  };

  const examinee = (draftId: string) => `/bookings/new/${draftId}/examinee`;
  /** Makes the stored forms old. */
  const ageForms = () =>
    fixture.app.db('acuity_forms').update({ read_at: fixture.app.db.raw(`now() - interval '2 hours'`) });
  const confirm = (check: Visit) => visitor.post('/bookings', check.form('/bookings'));
  const bookingIdOf = ({ at }: Visit) => /^\/bookings\/([0-9a-f-]{36})/.exec(at)?.[1] ?? '';
  const summary = (page: Visit) =>
    page.all('.error-summary a').map((link) => [link.getAttributeValue('href'), link.textContent]);

  it('asks them after our own, in the order of Acuity, under the title and description of their form', async () => {
    const page = await visitor.get(examinee(await fixture.draftAt(visitor, 'examinee')));
    expect(page.text('.question-form h2')).to.equal('Before the examination');
    expect(page.text('.question-form .hint')).to.equal('Answer for the examinee.');
    const names = page.all('.question-form [name]').map((input) => input.getAttributeValue('name'));
    expect([...new Set(names)]).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8].map((id) => `answers.${id}`));
    expect(page.texts('.question-form option')).to.deep.equal(['Choose', 'Work', 'Motor']);
    expect(page.texts('.question-form .check-list label')).to.deep.equal(records);
    expect(page.texts('.question-form .optional')).to.have.length(3);
    expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('asks nothing more of other specialists', async () => {
    const specialistId = await fixture.specialistId('Dr Bruno Keller');
    await offer(7002);
    const time = await visitor.post('/bookings/new', { specialistId, type: 'in_person' });
    const page = await visitor.post(`/bookings/new/${draftIdOf(time)}/time`, {
      startsAt: inUtc(nineOnTuesday),
    });
    expect(page.has('.question-form')).to.equal(false);
    expect(page.has('.notice')).to.equal(false);
  });

  it('names each missing answer, links it to its field and keeps what was given', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const page = await visitor.post(examinee(draftId), [
      ...Object.entries(ewan),
      ['answers.2', 'Capacity?\r\nPrognosis?'],
      ['answers.5', 'Imaging, on disc'],
      ['answers.6', 'no'],
      ['answers.7', 'x'.repeat(2001)],
    ]);
    expect(page.status).to.equal(422);
    expect(page.title).to.match(/^Error/);
    expect(summary(page)).to.deep.equal([
      ['#answers-1', 'Enter an answer to “Your file reference”'],
      ['#answers-3', 'Choose an answer to “Kind of claim”'],
      ['#answers-4', 'Tick “The examinee agrees”: it is required'],
      ['#answers-7', '“Address for the voucher” must be 2000 characters or fewer: it has 2001'],
    ]);
    for (const [href] of summary(page)) expect(page.has(href ?? ''), href ?? '').to.equal(true);
    expect(page.attribute('#firstName', 'value')).to.equal('Ewan');
    expect(page.text('#answers-2')).to.equal('Capacity? Prognosis?');
    expect(page.all('.question-form [checked]').map((one) => one.getAttributeValue('value'))).to.deep.equal([
      'Imaging, on disc',
      'no',
    ]);
    expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('shows the answers before they are confirmed, and with the booking, and forgets the draft', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const check = await visitor.post(examinee(draftId), answered);
    expect(check.text('h1')).to.equal('Check your answers');
    const words = ['HL-2207', 'Work', 'Yes', 'Hospital records Imaging, on disc', 'No', '12 High Street'];
    expect(check.texts('.summary-list dd')).to.include.members([...words, 'To be uploaded to the booking']);
    const done = await confirm(check);
    expect(done.text('.confirmation-title')).to.equal('Booked');
    // Not "on its way": the referrer may have chosen the daily digest, or no e-mail.
    for (const said of [check.text('.confirm'), done.text('.confirmation-mail')])
      expect(said)
        .to.contain('as you chose')
        .and.not.match(/on its way|a confirmation goes/);
    expect(done.text('#answers h3')).to.equal('Before the examination');
    expect(done.texts('#answers dd')).to.include.members([...words, 'To be uploaded to the booking']);
    expect(await markupErrors(check)).to.deep.equal([]);
    expect(await markupErrors(done)).to.deep.equal([]);
    const draft = await fixture.app.db('booking_drafts').where({ id: draftId }).first('data');
    expect(draft?.data).to.have.property('bookingId');
    expect(draft?.data).not.to.have.property('answers');
    expect(done.at + check.at).not.to.contain('HL-2207');
  });

  it('takes many long answers in any script', async () => {
    const fields = Array.from({ length: 20 }, (_, index) => aField({ id: 100 + index, type: 'textarea' }));
    fixture.acuity.showForms(detailsForm(), aForm({ fields }));
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const long: Fields = fields.map(({ id }) => [`answers.${id}`, '漢'.repeat(2000)]);
    const check = await visitor.post(examinee(draftId), [...Object.entries(ewan), ...long]);
    expect(check.text('h1')).to.equal('Check your answers');
    expect((await confirm(check)).has('.confirmation')).to.equal(true);
  });

  it('keeps the answers when the step is opened again', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    await visitor.post(examinee(draftId), answered);
    const page = await visitor.get(examinee(draftId));
    expect(page.attribute('#answers-1', 'value')).to.equal('HL-2207');
    expect(page.text('.question-form option[selected]')).to.equal('Work');
    expect(page.all('.question-form [checked]')).to.have.length(4);
    expect(page.has('.error-summary')).to.equal(false);
  });

  it('asks the questions of the new specialist when another is chosen', async () => {
    const specialistId = await fixture.specialistId('Dr Bruno Keller');
    await offer(7002);
    const draftId = draftIdOf(await visitor.post('/bookings/new', { specialistId, type: 'in_person' }));
    await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
    await visitor.post(examinee(draftId), ewan);
    const amelia = await fixture.specialistId('Dr Amelia Hart');
    await visitor.post('/bookings/new', { draftId, specialistId: amelia, type: 'in_person' });
    const page = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
    expect(page.at).to.equal(`${examinee(draftId)}?unanswered`);
    expect(summary(page).map(([href]) => href)).to.include.members(['#answers-1', '#answers-6']);
    expect(page.attribute('#firstName', 'value')).to.equal('Ewan');
  });

  it('goes back to the step when a question was added before the confirmation', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const check = await visitor.post(examinee(draftId), answered);
    fixture.acuity.showForms(detailsForm(), form, added);
    await ageForms();
    const page = await confirm(check);
    expect(page.status).to.equal(422);
    expect(summary(page)).to.deep.equal([['#answers-9', 'Enter an answer to “Dominant hand”']]);
    expect(page.attribute('#answers-1', 'value')).to.equal('HL-2207');
    const again = await visitor.post(examinee(draftId), [...answered, ['answers.9', 'Left']]);
    expect((await confirm(again)).text('.confirmation-title')).to.equal('Booked');
  });

  it('asks a question at once when only Acuity’s refusal named it', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const check = await visitor.post(examinee(draftId), answered);
    fixture.acuity.showForms(detailsForm(), form, added);
    fixture.acuity.failNext(refused(9));
    // The forms were read a moment ago: the next read waits for its turn.
    const page = await confirm(check);
    expect(page.status).to.equal(422);
    expect(summary(page)).to.deep.equal([['#answers-9', 'Enter an answer to “Dominant hand”']]);
    const again = await visitor.post(examinee(draftId), [...answered, ['answers.9', 'Left']]);
    expect((await confirm(again)).text('.confirmation-title')).to.equal('Booked');
  });

  it('says that the form has changed when a question is gone', async () => {
    fixture.acuity.showForms(detailsForm(), form, added);
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const check = await visitor.post(examinee(draftId), [...answered, ['answers.9', 'Left']]);
    fixture.acuity.showForms(detailsForm(), form);
    fixture.acuity.failNext(refused(9));
    const page = await confirm(check);
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary')).to.contain('The specialist’s form has changed');
    expect(page.all('.error-summary a')).to.have.length(0);
    expect((await confirm(await visitor.post(examinee(draftId), answered))).has('.confirmation')).to.equal(
      true,
    );
  });

  it('requires a detail of ours that the specialist’s form requires', async () => {
    const details = detailsForm();
    const fields = details.fields.map((field) => ({ ...field, required: field.id === 9107 }));
    fixture.acuity.showForms({ ...details, fields });
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const page = await visitor.post(examinee(draftId), { ...ewan, claimNumber: '' });
    expect(summary(page)).to.deep.equal([
      ['#claimNumber', 'Claim number: the specialist’s form needs an answer'],
    ]);
    expect(page.text('label[for="claimNumber"]')).to.equal('Claim number');
  });

  it('says how old the questions are when Acuity cannot be read', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    await visitor.get(examinee(draftId));
    await ageForms();
    await fixture.app.db('acuity_forms').update({ failed_at: fixture.app.db.fn.now() });
    const page = await visitor.get(examinee(draftId));
    expect(page.text('.notice')).to.match(
      /These are its questions as they were at \d+:\d\d [ap]m, .* Sydney time/,
    );
    expect(page.has('#answers-1')).to.equal(true);
  });

  it('takes a booking without the questions when they were never read, and tells staff', async () => {
    await fixture.app.db('acuity_forms').update({ failed_at: fixture.app.db.fn.now() });
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const page = await visitor.get(examinee(draftId));
    expect(page.text('.notice')).to.contain('You can still book');
    const done = await confirm(await visitor.post(examinee(draftId), ewan));
    expect(done.text('.confirmation-title')).to.equal('Booked');
    const booked = fixture.app.db('bookings').where({ id: bookingIdOf(done) });
    expect(await booked.first('details_needed')).to.deep.equal({ details_needed: true });
  });

  it('names the questions on the page of an attempt that failed for them', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const check = await visitor.post(examinee(draftId), answered);
    fixture.acuity.failNext('before');
    const waiting = await confirm(check);
    const id = /attempts\/([0-9a-f-]{36})/.exec(waiting.at)?.[1] ?? '';
    fixture.acuity.showForms(detailsForm(), form, added);
    await fixture.app
      .db('booking_attempts')
      .where({ id })
      .update({ acuity_called_at: fixture.app.db.raw(`now() - interval '1 min'`) });
    await fixture.app.system.services.settlement.settle(id);
    const failed = await visitor.get(waiting.at);
    expect(failed.text('.panel')).to.contain('Enter an answer to “Dominant hand”');
    expect(await markupErrors(failed)).to.deep.equal([]);
    const page = await visitor.get(failed.attribute('.actions a', 'href'));
    expect(summary(page)).to.deep.equal([['#answers-9', 'Enter an answer to “Dominant hand”']]);
  });

  it('lists in the booking’s history which answers changed in Acuity', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const done = await confirm(await visitor.post(examinee(draftId), answered));
    const booking = await fixture.app
      .db('bookings')
      .where({ id: bookingIdOf(done) })
      .first('acuity_appointment_id');
    const appointment = fixture.acuity.appointments.get(booking?.acuity_appointment_id ?? 0);
    const answers = new Map(appointment?.answers).set(3, 'Motor').set(7, '');
    answers.delete(7);
    if (appointment) fixture.acuity.appointments.set(appointment.id, { ...appointment, answers });
    await fixture.app.system.services.convergence.converge(appointment?.id ?? 0, { source: 'acuity' });
    const page = await visitor.get(done.at);
    expect(page.texts('#answers dd')).to.include('Motor').and.not.to.include('12 High Street');
    expect(page.text('.timeline-entry')).to.contain('Answers changed');
    expect(page.text('.timeline-notes')).to.contain('Kind of claim: Motor (before: Work)');
    expect(page.text('.timeline-notes')).to.contain(
      'Address for the voucher: no answer (before: 12 High Street)',
    );
  });

  it('shows the answers to nobody of another organisation', async () => {
    const draftId = await fixture.draftAt(visitor, 'examinee');
    const done = await confirm(await visitor.post(examinee(draftId), answered));
    const nadia = await fixture.signedIn('nadia@northside-claims.example');
    const page = await nadia.get(done.at);
    expect(page.status).to.equal(404);
    expect(page.html).not.to.contain('HL-2207');
  });
});
