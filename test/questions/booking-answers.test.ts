// POST /bookings with answers to Acuity's own questions, against the simulator.
import { expect } from 'chai';
import { forgetForms } from '../support/kept-questions.ts';
import {
  everything,
  fields,
  openQuestionStack,
  required,
  type QuestionStack,
} from '../support/question-stack.ts';

interface BookingJson {
  id: string;
  reference: string;
  acuityAppointmentId: number;
  detailsNeeded: boolean;
}
interface Problem {
  code: string;
  errors?: { path: string; message: string }[];
}

describe('POST /bookings with answers to Acuity’s questions', () => {
  let stack: QuestionStack;
  before(async () => {
    stack = await openQuestionStack();
  });
  after(() => stack.close());
  beforeEach(async () => {
    // The events of the test before read the forms too.
    await stack.closeForms(null);
    await stack.settled();
    await stack.control('/reset', {});
    await forgetForms(stack.app.db);
  });

  async function book(change = {}): Promise<BookingJson> {
    const res = await stack.rita
      .post('/bookings')
      .send(await stack.request(change))
      .expect(201);
    return (res.body as { booking: BookingJson }).booking;
  }
  async function refuse(change = {}): Promise<Record<string, string>> {
    const before = (await stack.appointments()).length;
    const res = await stack.rita.post('/bookings').send(await stack.request(change));
    expect(res.status, JSON.stringify(res.body)).to.equal(422);
    const { code, errors = [] } = res.body as Problem;
    expect(code).to.equal('invalid');
    expect(await stack.appointments()).to.have.length(before);
    return Object.fromEntries(errors.map(({ path, message }) => [path, message]));
  }

  it('lists a question of each type for this specialist, and none for the others', async () => {
    const { body } = await stack.rita
      .get(`/specialists/${stack.specialistId}/questions?type=in_person`)
      .expect(200);
    const { questions } = body as { questions: { type: string; required: boolean; fieldId: number }[] };
    expect(new Set(questions.map(({ type }) => type))).to.have.property('size', 8);
    expect(questions.filter((one) => one.required).map(({ fieldId }) => fieldId)).to.have.members(
      required.map(({ fieldId }) => fieldId),
    );
    const telehealth = await stack.rita
      .get(`/specialists/${stack.specialistId}/questions?type=telehealth`)
      .expect(200);
    expect(telehealth.body).to.have.property('questions').that.deep.equals([]);
  });

  it('sends every answer to Acuity in its format, and keeps it with the booking', async () => {
    const booking = await book({ answers: everything });
    expect(booking.detailsNeeded).to.equal(false);
    expect(await stack.inAcuity(booking.acuityAppointmentId)).to.include({
      [fields.reference]: 'HL-2207',
      [fields.claim]: 'Work injury',
      [fields.twoHours]: 'yes',
      [fields.records]: 'Hospital records,Imaging',
      [fields.glasses]: 'no',
      [fields.report]: 'Capacity for work?\nPrognosis?',
      [fields.address]: '12 High Street\nGeelong VIC 3220',
      [fields.letter]: 'https://files.example/letter.pdf',
      9101: booking.reference,
    });
    const { body } = await stack.rita.get(`/bookings/${booking.id}`).expect(200);
    const { answers } = body as {
      answers: { fieldId: number; form: string; label: string; value: unknown }[];
    };
    expect(answers).to.have.length(8);
    expect(answers[4]).to.deep.equal({
      fieldId: fields.records,
      form: 'Before the assessment',
      label: 'Records that you will send',
      value: ['Hospital records', 'Imaging'],
    });
  });

  it('refuses a missing or wrong answer under its field before it calls Acuity', async () => {
    expect(Object.keys(await refuse({ answers: [] }))).to.have.members(
      required.map(({ fieldId }) => `answers.${fieldId}`),
    );
    const wrong: [number, unknown][] = [
      [fields.reference, 7],
      [fields.claim, 'Divorce'],
      [fields.twoHours, 'no'],
      [fields.records, 'Imaging'],
      [fields.records, ['X-rays']],
      [fields.glasses, 'perhaps'],
    ];
    for (const [fieldId, value] of wrong) {
      const answers = [...required.filter((one) => one.fieldId !== fieldId), { fieldId, value }];
      expect(await refuse({ answers }), String(value)).to.have.all.keys(`answers.${fieldId}`);
    }
    expect(await refuse({ answers: [...required, { fieldId: 9999, value: 'x' }] })).to.deep.equal({
      'answers.9999': 'This question is not asked: leave it out',
    });
    expect(await refuse({ answers: [...required, { fieldId: 9101, value: 'EX-222222' }] })).to.have.all.keys(
      'answers.9101',
    );
    expect(await refuse({ answers: [{ fieldId: 'x', value: 'y' }] })).to.have.all.keys('answers.0.fieldId');
    expect(await refuse({ answers: ['x'] })).to.have.all.keys('answers.0');
  });

  it('sends the address of the booking when a document is to be uploaded later', async () => {
    const booking = await book({ answers: [...required, { fieldId: fields.letter, value: 'later' }] });
    const { [fields.letter]: sent = '' } = await stack.inAcuity(booking.acuityAppointmentId);
    const url = new URL(sent);
    expect(url.pathname + url.search).to.equal(`/bookings?q=${booking.reference}`);
    await stack.rita
      .get(url.pathname + url.search)
      .set('Accept', 'text/html')
      // Once, to the address with sealed search words.
      .redirects(1)
      .expect(200)
      .expect(/Ewan Marsh/);
  });

  it('wipes the answers from the attempt when it is settled, and logs none of them', async () => {
    await book({ answers: everything });
    const attempts = (await stack.app.db('booking_attempts').select('request')) as { request: object }[];
    expect(attempts).to.not.be.empty;
    for (const { request } of attempts) expect(request).not.to.have.property('answers');
    expect(stack.app.logLines.join('\n')).not.to.match(/HL-2207|High Street|letter\.pdf/);
    const audit = JSON.stringify(await stack.app.db('audit_log').select('metadata'));
    expect(audit).not.to.match(/HL-2207|High Street|letter\.pdf/);
  });

  it('returns the same booking for the same key, and a conflict when an answer differs', async () => {
    const request = await stack.request();
    const post = (body: object) => stack.rita.post('/bookings').set('Idempotency-Key', 'answers').send(body);
    const first = await post(request).expect(201);
    const again = await post(request).expect(201);
    expect((again.body as { booking: BookingJson }).booking.id).to.equal(
      (first.body as { booking: BookingJson }).booking.id,
    );
    const other = await post({ ...request, answers: everything }).expect(409);
    expect(other.body).to.have.property('code', 'idempotency_conflict');
  });

  it('requires a detail that Acuity requires', async () => {
    await stack.control('/forms', { forms: [{ ...detailsForm, fields: requiring(9107) }] });
    expect(await refuse()).to.deep.equal({
      claimNumber: 'Claim number: the specialist’s form needs an answer',
    });
    await book({ claimNumber: 'CL-1' });
  });

  it('leaves out our details when their form is not attached to the appointment type', async () => {
    await stack.control('/forms', {
      forms: [{ ...detailsForm, appointmentTypeIDs: [8001], fields: requiring() }],
    });
    const booking = await book();
    expect(await stack.inAcuity(booking.acuityAppointmentId)).to.not.have.any.keys('9101', '9102');
  });

  describe('when the forms changed in Acuity after they were read', () => {
    const added = {
      id: 777,
      name: 'New',
      description: '',
      appointmentTypeIDs: [8005],
      fields: [
        { id: 9777, name: 'Dominant hand', required: true, type: 'dropdown', options: ['Left', 'Right'] },
      ],
    };
    const readForms = () =>
      stack.rita.get(`/specialists/${stack.specialistId}/questions?type=in_person`).expect(200);

    it('names a question that was added since, and accepts its answer with the same key at once', async () => {
      await readForms();
      await stack.control('/forms', { forms: [added] });
      const request = await stack.request();
      const post = (body: object) => stack.rita.post('/bookings').set('Idempotency-Key', 'added').send(body);
      const refused = await post(request).expect(422);
      expect((refused.body as Problem).errors).to.deep.equal([
        { path: 'answers.9777', message: 'Choose an answer to “Dominant hand”' },
      ]);
      const { body } = await readForms();
      expect(JSON.stringify(body)).to.contain('Dominant hand');
      await post({ ...request, answers: [...required, { fieldId: 9777, value: 'Left' }] }).expect(201);
    });

    it('names the answer to leave out when its question is gone', async () => {
      await stack.control('/forms', { forms: [added] });
      await readForms();
      await stack.control('/forms', { forms: [{ ...added, appointmentTypeIDs: [8001] }] });
      expect(await refuse({ answers: [...required, { fieldId: 9777, value: 'Left' }] })).to.have.all.keys(
        'answers.9777',
      );
    });

    it('books without a detail whose field is gone', async () => {
      await readForms();
      await stack.control('/forms', { forms: [{ ...detailsForm, fields: requiring().slice(0, 3) }] });
      const booking = await book();
      expect(booking.detailsNeeded).to.equal(false);
      expect(await stack.inAcuity(booking.acuityAppointmentId)).to.include({ 9101: booking.reference });
    });
  });

  describe('when the forms cannot be read', () => {
    it('uses the forms that were read last', async () => {
      await stack.rita.get(`/specialists/${stack.specialistId}/questions?type=in_person`).expect(200);
      await stack.app.db('acuity_forms').update({ read_at: stack.app.db.raw(`now() - interval '2 hours'`) });
      await stack.closeForms({ status: 500 });
      expect(await refuse({ answers: [] })).to.include.keys(`answers.${fields.claim}`);
      await book();
    });

    it('books as staff and marks the booking when the forms were never read and Acuity requires an answer', async () => {
      await stack.closeForms({ status: 500 });
      const booking = await book({ answers: [] });
      expect(booking.detailsNeeded).to.equal(true);
      const waiting = await stack.app.db('bookings').where({ details_needed: true }).select('id');
      expect(waiting).to.deep.equal([{ id: booking.id }]);
      expect(await stack.inAcuity(booking.acuityAppointmentId)).to.include({ 9101: booking.reference });
    });

    it('sends the answers of a program that knows the questions', async () => {
      await stack.closeForms({ status: 500 });
      const booking = await book({ answers: required });
      expect(await stack.inAcuity(booking.acuityAppointmentId)).to.include({
        [fields.records]: 'Imaging,Hospital records',
      });
    });

    it('does not book as staff at a time that Acuity does not offer', async () => {
      await stack.closeForms({ status: 500 });
      const startsAt = await stack.freeTime();
      await stack.staff('POST', '/appointments?admin=true', {
        datetime: startsAt,
        appointmentTypeID: 8005,
        calendarID: 7008,
        firstName: 'Some',
        lastName: 'Body',
      });
      const res = await stack.rita.post('/bookings').send(await stack.request({ startsAt, answers: [] }));
      expect(res.status).to.equal(409);
      expect(await stack.appointments()).to.have.length(1);
    });
  });

  const detailsForm = {
    id: 501,
    name: 'Examination details',
    description: '',
    appointmentTypeIDs: [8001, 8002, 8003, 8004, 8005, 8006],
  };
  function requiring(...needed: number[]) {
    return [9101, 9102, 9103, 9104, 9105, 9106, 9107, 9108].map((id) => ({
      id,
      name: `Detail ${id}`,
      required: needed.includes(id),
      type: 'textbox',
    }));
  }
});
