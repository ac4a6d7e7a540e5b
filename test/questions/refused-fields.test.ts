// What happens to a booking when Acuity refuses a field, also when the process dies on the way.
import { expect } from 'chai';
import { followAppointment } from '../../src/following/index.ts';
import type { AcuityFailure } from '../../src/ports/acuity.ts';
import { aField, aForm } from '../support/builders/form.ts';
import {
  openBookingFixture,
  reasonOf,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
} from '../support/booking-fixture.ts';
import { acuityDown, createFakeAcuity, detailsForm, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';

const refused = (code: string, message: string): { fails: AcuityFailure } => ({
  fails: { reason: 'refused', code, message, status: 400 },
});
const requires = (fieldId: number) => refused('required_field', `The field "${fieldId}" is required.`);

describe('a booking whose field Acuity refuses', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let steps: Record<string, () => unknown>;

  beforeEach(async () => {
    fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString());
    let areFormsClosed = false;
    acuity = withFaults({ ...fake, forms: () => (areFormsClosed ? Promise.resolve(closed) : fake.forms()) });
    steps = {};
    fixture = await openBookingFixture(acuity, { onStep: (step) => void steps[step]?.() });
    closeForms = () => {
      areFormsClosed = true;
    };
  });
  afterEach(() => fixture.close());
  let closeForms: () => void;
  const closed = { ok: false as const, ...acuityDown };

  const book = (change = {}) => fixture.attempts.book(fixture.people.rita, fixture.requestFor(change), null);
  const active = () => [...fake.appointments.values()].filter(({ canceled }) => !canceled);
  const attempt = async (): Promise<{ id: string; state: string }> => {
    const found: { id: string; state: string } | undefined = await fixture
      .db('booking_attempts')
      .first('id', 'state');
    if (!found) throw new Error('No attempt was stored');
    return found;
  };
  const question = aForm({ fields: [aField({ id: 9777, name: 'Dominant hand', required: true })] });

  it('asks a question that was added since the forms were read', async () => {
    fake.showForms(detailsForm(), question);
    acuity.failNext(requires(9777));
    expect(reasonOf(await book())).to.deep.equal({
      ok: false,
      reason: 'invalid',
      errors: [{ path: 'answers.9777', message: 'Enter an answer to “Dominant hand”' }],
    });
    expect(active()).to.deep.equal([]);
    valueOf(await book({ answers: [{ fieldId: 9777, value: 'Left' }] }));
  });

  it('names the answer that Acuity does not accept', async () => {
    fake.showForms(detailsForm(), question);
    await fixture.deps.questions.readAgain();
    acuity.failNext(refused('invalid_fields', 'The field "9777" has an invalid value.'));
    const answered = { answers: [{ fieldId: 9777, value: 'Both' }] };
    expect(reasonOf(await book(answered))).to.have.nested.property('errors[0].path', 'answers.9777');
  });

  it('is made without a detail that Acuity refuses, and marked', async () => {
    acuity.failNext(refused('invalid_fields', 'The field "9108" does not exist on this appointment.'));
    expect(valueOf(await book()).detailsNeeded).to.equal(false);
    fake.offer(7001, tuesdayAtTen.toISOString());
    acuity.failNext(refused('invalid_fields', 'The field "9107" has an invalid value.'));
    expect(valueOf(await book()).detailsNeeded).to.equal(true);
    const sent = active().map(({ answers }) => [...answers.keys()].toSorted((a, b) => a - b));
    expect(sent).to.deep.equal([
      [9101, 9102, 9103, 9104, 9106, 9107],
      [9101, 9102, 9103, 9104, 9106, 9108],
    ]);
  });

  it('finds its appointment by the client when Acuity took no reference and the answer was lost', async () => {
    acuity.failNext(
      refused('invalid_fields', 'The field "9101" does not exist on this appointment.'),
      'after',
    );
    const { attemptId } = reasonOf(await book()) as { attemptId?: string };
    await fixture.settlement.settle(attemptId ?? '');
    expect(await attempt()).to.include({ state: 'completed' });
    expect(active()).to.have.length(1);
  });

  describe('when nobody can answer the field', () => {
    beforeEach(() => {
      closeForms();
      acuity.failNext(requires(9777));
    });

    it('is made as staff when the time is free, and marked', async () => {
      const booking = valueOf(await book());
      expect(booking.detailsNeeded).to.equal(true);
      const created = fake.calls.filter(({ method }) => method === 'createAppointment');
      expect(created.map(({ query }) => (query as { asStaff?: boolean }).asStaff)).to.deep.equal([true]);
      const methods = fake.calls.map(({ method }) => method);
      expect(methods.indexOf('availableTimes')).to.be.below(methods.indexOf('createAppointment'));
    });

    it('stays marked when a detail is changed in Acuity, because the question is still unanswered', async () => {
      const booking = valueOf(await book());
      const [made] = active();
      if (!made) throw new Error('No appointment was made');
      const appointment = { ...made, answers: new Map([...made.answers, [9107, 'CL-CHANGED']]) };
      const followed = await followAppointment(
        fixture.deps,
        booking.id,
        {
          appointment,
          expectedVersion: booking.version,
          isNewest: () => Promise.resolve(true),
          noteUnchanged: () => Promise.resolve(),
        },
        { source: 'acuity' },
      );
      expect(followed.outcome).to.equal('updated');
      const row: unknown = await fixture.db('bookings').where({ id: booking.id }).first();
      expect(row).to.include({ claim_number: 'CL-CHANGED', details_needed: true });
    });

    it('is not made when the time is gone', async () => {
      fake.occupySlot(7001, tuesdayAtTen.toISOString());
      expect(reasonOf(await book()).reason).to.equal('slot_taken');
      expect(active()).to.deep.equal([]);
    });

    it('is cancelled when somebody books the time between the check and the booking', async () => {
      steps.before_staff_booking = () => {
        fake.appointments.set(1, {
          id: 1,
          appointmentTypeId: 8001,
          calendarId: 7001,
          durationMinutes: 60,
          calendarTimezone: null,
          startsAt: new Date(tuesdayAtTen.getTime() + 1_800_000),
          canceled: false,
          noShow: false,
          client: { firstName: '', lastName: '', email: null, phone: null },
          location: null,
          notes: null,
          scheduledBy: null,
          answers: new Map(),
        });
      };
      expect(reasonOf(await book()).reason).to.equal('slot_taken');
      expect(active().map(({ id }) => id)).to.deep.equal([1]);
      expect(await fixture.db('bookings').select('id')).to.deep.equal([]);
    });

    it('becomes a marked booking when the process dies after Acuity made the appointment', async () => {
      steps.before_complete = () => {
        throw new Error('the process died');
      };
      expect(reasonOf(await book()).reason).to.equal('outcome_pending');
      steps = {};
      await fixture.settlement.settle((await attempt()).id);
      expect(await fixture.db('bookings').first('details_needed')).to.deep.equal({ details_needed: true });
      expect(active()).to.have.length(1);
    });

    it('is not made when the process dies before Acuity was asked as staff', async () => {
      steps.before_staff_booking = () => {
        throw new Error('the process died');
      };
      expect(reasonOf(await book()).reason).to.equal('outcome_pending');
      const { id } = await attempt();
      // Longer than a call can be in flight.
      await fixture
        .db('booking_attempts')
        .update({ acuity_called_at: fixture.db.raw(`now() - interval '1 min'`) });
      await fixture.settlement.settle(id);
      expect(await attempt()).to.include({ state: 'failed' });
      expect(active()).to.deep.equal([]);
    });
  });

  it('names the missing answer when the worker finds that nothing was made', async () => {
    acuity.failNext('before');
    const { attemptId = '' } = reasonOf(await book()) as { attemptId?: string };
    fake.showForms(detailsForm(), question);
    await fixture
      .db('booking_attempts')
      .update({ acuity_called_at: fixture.db.raw(`now() - interval '1 min'`) });
    await fixture.settlement.settle(attemptId);
    expect(await fixture.attempts.find(fixture.people.rita, attemptId)).to.deep.equal({
      state: 'failed',
      failure: {
        reason: 'invalid',
        errors: [{ path: 'answers.9777', message: 'Enter an answer to “Dominant hand”' }],
      },
    });
    const mails = await fixture.db('emails').select('kind');
    expect(mails).to.deep.equal([{ kind: 'booking_failed' }]);
  });
});
