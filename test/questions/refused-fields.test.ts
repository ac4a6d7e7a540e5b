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
import { forgetForms } from '../support/kept-questions.ts';

const refused = (code: string, message: string): { fails: AcuityFailure } => ({
  fails: { reason: 'refused', code, message, status: 400 },
});
const requires = (fieldId: number) => refused('required_field', `The field "${fieldId}" is required.`);

describe('a booking whose field Acuity refuses', () => {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let areFormsClosed: boolean;
  let steps: Record<string, () => unknown>;
  let startsAt: Date;

  before(async () => {
    fake = createFakeAcuity();
    areFormsClosed = false;
    acuity = withFaults({ ...fake, forms: () => (areFormsClosed ? Promise.resolve(closed) : fake.forms()) });
    fixture = await openBookingFixture(acuity, { onStep: (step) => void steps[step]?.() });
  });
  after(() => fixture.close());
  const closed = { ok: false as const, ...acuityDown };

  beforeEach(async () => {
    steps = {};
    fake.appointments.clear();
    fake.calls.length = 0;
    startsAt = freeTime();
    // As when they were read at the start.
    areFormsClosed = false;
    fake.showForms(detailsForm());
    await forgetForms(fixture.db);
    await fixture.deps.questions.forms();
  });

  let days = 0;
  /** A time that no other test books. */
  const freeTime = (): Date => {
    days += 1;
    const time = new Date(tuesdayAtTen.getTime() + days * 86_400_000);
    fake.offer(7001, time.toISOString());
    return time;
  };
  const book = (change = {}) =>
    fixture.attempts.book(fixture.people.rita, fixture.requestFor({ startsAt, ...change }), null);
  const active = () => [...fake.appointments.values()].filter(({ canceled }) => !canceled);
  const bookPending = async (): Promise<string> => {
    const pending = reasonOf(await book());
    if (pending.reason !== 'outcome_pending') throw new Error(`It ended as ${pending.reason}`);
    return pending.attemptId;
  };
  const stateOf = (attemptId: string) =>
    fixture.db('booking_attempts').where({ id: attemptId }).pluck('state');
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
    acuity.failNext(refused('invalid_fields', 'The field "9107" has an invalid value.'));
    expect(valueOf(await book({ startsAt: freeTime() })).detailsNeeded).to.equal(true);
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
    const attemptId = await bookPending();
    await fixture.settlement.settle(attemptId);
    expect(await stateOf(attemptId)).to.deep.equal(['completed']);
    expect(active()).to.have.length(1);
  });

  describe('when nobody can answer the field', () => {
    beforeEach(() => {
      areFormsClosed = true;
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
      fake.occupySlot(7001, startsAt.toISOString());
      expect(reasonOf(await book()).reason).to.equal('slot_taken');
      expect(active()).to.deep.equal([]);
    });

    it('is cancelled when somebody books the time between the check and the booking', async () => {
      const bookings = () => fixture.db('bookings').orderBy('id').pluck('id');
      const earlier = await bookings();
      steps.before_staff_booking = () => {
        fake.appointments.set(1, {
          id: 1,
          appointmentTypeId: 8001,
          calendarId: 7001,
          durationMinutes: 60,
          calendarTimezone: null,
          startsAt: new Date(startsAt.getTime() + 1_800_000),
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
      expect(await bookings()).to.deep.equal(earlier);
    });

    it('becomes a marked booking when the process dies after Acuity made the appointment', async () => {
      steps.before_complete = () => {
        throw new Error('the process died');
      };
      const attemptId = await bookPending();
      steps = {};
      await fixture.settlement.settle(attemptId);
      const made = fixture.db('bookings').where({ starts_at: startsAt }).pluck('details_needed');
      expect(await made).to.deep.equal([true]);
      expect(active()).to.have.length(1);
    });

    it('is not made when the process dies before Acuity was asked as staff', async () => {
      steps.before_staff_booking = () => {
        throw new Error('the process died');
      };
      const id = await bookPending();
      // Longer than a call can be in flight.
      await fixture
        .db('booking_attempts')
        .where({ id })
        .update({ acuity_called_at: fixture.db.raw(`now() - interval '1 min'`) });
      await fixture.settlement.settle(id);
      expect(await stateOf(id)).to.deep.equal(['failed']);
      expect(active()).to.deep.equal([]);
    });
  });

  it('names the missing answer when the worker finds that nothing was made', async () => {
    acuity.failNext('before');
    const attemptId = await bookPending();
    fake.showForms(detailsForm(), question);
    await fixture
      .db('booking_attempts')
      .where({ id: attemptId })
      .update({ acuity_called_at: fixture.db.raw(`now() - interval '1 min'`) });
    await fixture.settlement.settle(attemptId);
    expect(await fixture.attempts.find(fixture.people.rita, attemptId)).to.deep.equal({
      state: 'failed',
      failure: {
        reason: 'invalid',
        errors: [{ path: 'answers.9777', message: 'Enter an answer to “Dominant hand”' }],
      },
    });
    const mails = await fixture.db('emails').where({ attempt_id: attemptId }).select('kind');
    expect(mails).to.deep.equal([{ kind: 'booking_failed' }]);
  });
});
