// Following answers that are changed in Acuity: the booking gets the new answers, and nothing else is written.
import { expect } from 'chai';
import type { Answer } from '../../src/questions/index.ts';
import { forgetForms } from '../support/kept-questions.ts';
import { everything, fields, openQuestionStack, type QuestionStack } from '../support/question-stack.ts';

interface BookingJson {
  id: string;
  acuityAppointmentId: number;
  version: number;
}

describe('a booking whose answers change in Acuity', () => {
  let stack: QuestionStack;

  async function book(): Promise<BookingJson> {
    const res = await stack.rita
      .post('/bookings')
      .send(await stack.request({ answers: everything }))
      .expect(201);
    await stack.settled();
    return (res.body as { booking: BookingJson }).booking;
  }
  const change = (appointmentId: number, ...answers: { id: number; value: string }[]) =>
    stack.staff('PUT', `/appointments/${appointmentId}?admin=true`, { fields: answers });
  const kept = (bookingId: string): Promise<{ answers: Answer[]; source: string }[]> =>
    stack.app
      .db('booking_answers')
      .where({ booking_id: bookingId })
      .orderBy('created_at')
      .select('answers', 'source');
  const valueOf = (answers: Answer[] | undefined, fieldId: number) =>
    answers?.find((answer) => answer.fieldId === fieldId)?.value;
  const reconcile = () => {
    const { sync } = stack.app.system.services;
    return sync.reconcile({ ...sync.nearSpan(), fixes: true });
  };

  describe('when Acuity sends an event', () => {
    before(async () => {
      stack = await openQuestionStack();
    });
    after(() => stack.close());
    afterEach(async () => {
      await stack.settled();
      await stack.control('/reset', {});
      await forgetForms(stack.app.db);
    });

    it('is not written when nothing changed in Acuity', async () => {
      const booking = await book();
      expect(await kept(booking.id)).to.have.length(1);
      const { body } = await stack.rita.get(`/bookings/${booking.id}`).expect(200);
      expect((body as { booking: BookingJson }).booking.version).to.equal(1);
    });

    it('takes the new answers over, keeps the old ones in the history, and audits which changed', async () => {
      const { id, acuityAppointmentId } = await book();
      await change(
        acuityAppointmentId,
        { id: fields.records, value: 'Earlier reports, Imaging' },
        { id: fields.address, value: '' },
      );
      await stack.settled();
      const [first, second, ...more] = await kept(id);
      expect(more).to.deep.equal([]);
      expect(first?.source).to.equal('portal');
      expect(second?.source).to.equal('acuity');
      expect(valueOf(second?.answers, fields.records)).to.deep.equal(['Earlier reports', 'Imaging']);
      expect(valueOf(second?.answers, fields.address)).to.equal(undefined);
      expect(valueOf(second?.answers, fields.reference)).to.equal('HL-2207');
      const audit = (await stack.app
        .db('audit_log')
        .where({ resource_id: id, action: 'booking.edited' })
        .select('metadata')) as { metadata: object }[];
      expect(audit.map(({ metadata }) => metadata)).to.deep.equal([
        { source: 'acuity', columns: ['answers'] },
      ]);
    });

    it('shows the newest answers in the record of the console', async () => {
      const { id, acuityAppointmentId } = await book();
      await change(acuityAppointmentId, { id: fields.claim, value: 'Motor accident' });
      await stack.settled();
      const sam = await stack.app.signIn('sam@examdesk.example');
      const { body } = await sam.get(`/admin/api/resources/bookings/records/${id}/show`).expect(200);
      const { answers } = (body as { record: { params: { answers: string } } }).record.params;
      expect(answers.split('\n').slice(3, 6)).to.deep.equal([
        'Kind of claim: Motor accident',
        'The examinee knows that the assessment takes about two hours: yes',
        'Records that you will send: Hospital records, Imaging',
      ]);
    });

    it('is not written when Acuity writes a list in another order', async () => {
      const { id, acuityAppointmentId } = await book();
      await change(acuityAppointmentId, { id: fields.records, value: 'Imaging, Hospital records' });
      await stack.settled();
      expect(await kept(id)).to.have.length(1);
    });

    it('keeps the question as it was asked when it is renamed or deleted in Acuity', async () => {
      const { id, acuityAppointmentId } = await book();
      await stack.control('/forms', {
        forms: [
          {
            id: 571,
            name: 'Renamed',
            description: '',
            appointmentTypeIDs: [8005],
            fields: [{ id: fields.reference, name: 'Renamed too', required: false, type: 'textbox' }],
          },
        ],
      });
      await stack.app.db('acuity_forms').update({ read_at: stack.app.db.raw(`now() - interval '2 hours'`) });
      await change(acuityAppointmentId, { id: fields.reference, value: 'HL-2208' });
      await stack.settled();
      const answers = (await kept(id)).at(-1)?.answers ?? [];
      expect(valueOf(answers, fields.reference)).to.equal('HL-2208');
      const { body } = await stack.rita.get(`/bookings/${id}`).expect(200);
      expect(JSON.stringify(body)).to.contain('Kind of claim').and.to.contain('Before the assessment');
    });

    it('shows no answers of internal forms', async () => {
      await stack.control('/forms', {
        forms: [
          {
            id: 778,
            name: 'Internal',
            description: '',
            hidden: true,
            appointmentTypeIDs: [8005],
            fields: [{ id: 9778, name: 'What we think', required: false, type: 'textbox' }],
          },
        ],
      });
      const { id, acuityAppointmentId } = await book();
      await change(acuityAppointmentId, { id: 9778, value: 'Not for the referrer' });
      await stack.settled();
      expect(await kept(id)).to.have.length(1);
    });

    it('keeps the answers of an appointment that was made in Acuity', async () => {
      const made = await stack.makeAppointment({
        datetime: await stack.freeTime(),
        appointmentTypeID: 8005,
        calendarID: 7008,
        fields: [
          { id: 9103, value: 'Marsh' },
          { id: fields.claim, value: 'Work injury' },
        ],
      });
      await stack.settled();
      const booking = await stack.booking(made.id);
      const [first] = await kept(booking?.id ?? '');
      expect(first?.answers).to.deep.equal([
        {
          fieldId: fields.claim,
          form: 'Before the assessment',
          label: 'Kind of claim',
          type: 'dropdown',
          value: 'Work injury',
        },
      ]);
    });

    it('gets the answers when it was made before answers were kept', async () => {
      const { id, acuityAppointmentId } = await book();
      await stack.app.db('booking_answers').where({ booking_id: id }).delete();
      await change(acuityAppointmentId, { id: fields.reference, value: 'HL-2208' });
      await stack.settled();
      const rows = await kept(id);
      expect(rows).to.have.length(1);
      expect(valueOf(rows[0]?.answers, fields.reference)).to.equal('HL-2208');
    });

    it('cannot have its answers changed in the database without an audit row', async () => {
      const { id } = await book();
      await stack.app.db('booking_answers').where({ booking_id: id }).update({ answers: '[]' });
      const changes = await stack.app.db('audit_log').where({ action: 'record.changed' }).select('metadata');
      expect(JSON.stringify(changes)).to.contain(`"of":"${id}"`);
    });
  });

  describe('when only reconciliation finds the change', () => {
    before(async () => {
      stack = await openQuestionStack({ target: null });
    });
    after(() => stack.close());

    it('takes the new answers over once', async () => {
      const { id, acuityAppointmentId } = await book();
      expect(await reconcile()).to.include({ found: 0 });
      await change(acuityAppointmentId, { id: fields.reference, value: 'HL-2208' });
      expect(await reconcile()).to.include({ found: 1, fixed: 1 });
      expect((await kept(id)).map(({ source }) => source)).to.deep.equal(['portal', 'reconciliation']);
      expect(await reconcile()).to.include({ found: 0 });
    });

    it('is left alone when it was made before answers were kept', async () => {
      const { id } = await book();
      await stack.app.db('booking_answers').where({ booking_id: id }).delete();
      expect(await reconcile()).to.include({ found: 0 });
      expect(await kept(id)).to.deep.equal([]);
    });

    it('is not written when a question becomes a detail or stops being one', async () => {
      const { id } = await book();
      const claimNumber = () => stack.app.db('intake_fields').where({ name: 'claim_number' });
      const mapped = await claimNumber();
      try {
        await claimNumber().update({ acuity_field_id: fields.reference });
        await reconcile();
        await claimNumber().delete();
        await reconcile();
        expect(await kept(id)).to.have.length(1);
      } finally {
        await claimNumber().delete();
        await stack.app.db('intake_fields').insert(mapped);
        await reconcile();
      }
    });
  });
});
