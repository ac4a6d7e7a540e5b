// How a changed mapping affects bookings that were made under the earlier one.
import { expect } from 'chai';
import { intakeFields } from '../../seeds/demo/intake.ts';
import { auditLog } from '../../src/audit/index.ts';
import { intakeDetails } from '../../src/bookings/index.ts';
import { createConvergence } from '../../src/following/index.ts';
import { createMapping, type Mapping } from '../../src/questions/index.ts';
import {
  openBookingFixture,
  peopleOf,
  reasonOf,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
} from '../support/booking-fixture.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults } from '../support/faulty-acuity.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

/** Saves the current mapping with these changes: field id → detail. */
async function remap(
  mapping: Mapping,
  people: BookingFixture['people'],
  change: Record<number, string>,
): Promise<void> {
  const view = await mapping.read();
  const fields = (view.forms ?? []).flatMap((form) => form.fields);
  const shown = fields.filter(({ isMappable }) => isMappable);
  const choices = new Map(shown.map(({ id, detail }) => [id, change[id] ?? detail ?? '']));
  valueOf(await mapping.save(people.ada, { token: view.token, choices }));
}

describe('a booking after the mapping was changed', () => {
  let stack: WebhookStack;
  let people: BookingFixture['people'];
  const open = async () => {
    stack = await openWebhookStack();
    people = await peopleOf(stack.app.db);
  };

  const change = (wanted: Record<number, string>) => remap(stack.app.system.services.mapping, people, wanted);
  /** Sends an event about the appointment; the answers stay. */
  const touch = async (id: number) => {
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { notes: `Told at ${Date.now()}` });
    await stack.settled();
  };
  const make = async (answers: Record<number, string>) => {
    const fields = Object.entries(answers).map(([id, value]) => ({ id: Number(id), value }));
    const { id } = await stack.makeAppointment({ fields });
    await stack.settled();
    return id;
  };
  const correct = (id: number, columns: object) =>
    stack.app.db('bookings').where({ acuity_appointment_id: id }).update(columns);
  const usual = { 9102: 'Ewan', 9103: 'Marsh', 9104: '0412 345 678' };
  const reconcile = () => {
    const { sync } = stack.app.system.services;
    return sync.reconcile({ ...sync.nearSpan(), fixes: true });
  };

  describe('when Acuity sends an event', () => {
    before(open);
    after(() => stack.close());
    afterEach(() => change(seeded));
    const seeded = Object.fromEntries(Object.entries(intakeFields).map(([detail, id]) => [id, detail]));

    it('takes the detail from its new question, and keeps other details that staff corrected', async () => {
      // The agency answered the claim number in a field that was not mapped.
      const id = await make({ ...usual, 9108: 'CL-2207' });
      await correct(id, { examinee_last_name: 'Marlow' });
      await change({ 9107: '', 9108: 'claim_number' });
      await touch(id);
      expect(await stack.booking(id)).to.include({ claim_number: 'CL-2207', examinee_last_name: 'Marlow' });
      // Only once: a later correction of the new detail stays too.
      await correct(id, { claim_number: 'CL-2208' });
      await touch(id);
      expect(await stack.booking(id)).to.include({ claim_number: 'CL-2208', examinee_last_name: 'Marlow' });
    });

    it('follows what is changed in Acuity afterwards', async () => {
      const id = await make(usual);
      await correct(id, { examinee_last_name: 'Marlow' });
      await change({ 9107: '', 9108: 'claim_number' });
      await stack.staff('PUT', `/appointments/${id}?admin=true`, { fields: [{ id: 9103, value: 'March' }] });
      await stack.settled();
      expect(await stack.booking(id)).to.include({ examinee_last_name: 'March' });
    });

    it('loses nothing, and is not written, when details have no question any more', async () => {
      const id = await make({ ...usual, 9107: 'CL-2207' });
      const before = await stack.booking(id);
      await change({ 9102: '', 9103: '', 9104: '', 9107: '' });
      await touch(id);
      expect(await stack.booking(id)).to.deep.equal(before);
    });
  });

  describe('when reconciliation compares it', () => {
    // A reconciliation counts the differences of every booking.
    beforeEach(open);
    afterEach(() => stack.close());

    it('is no difference when Acuity’s answers are unchanged', async () => {
      const id = await make({ ...usual, 9107: 'CL-2207' });
      await correct(id, { examinee_last_name: 'Marlow' });
      await change({ 9107: '', 9108: 'claim_number' });
      expect(await reconcile()).to.include({ found: 0 });
      expect(await stack.booking(id)).to.include({ examinee_last_name: 'Marlow' });
    });
  });
});

const converge = ({ deps, settlement }: BookingFixture, appointmentId: number) =>
  createConvergence({ attempts: deps, settlement, quietSettlement: settlement }).converge(appointmentId, {
    source: 'acuity',
  });

describe('an attempt that is open while the reference gets another question', () => {
  for (const found of ['by the worker', 'by a webhook'] as const) {
    it(`is settled as its booking ${found}`, async () => {
      const fake = createFakeAcuity();
      fake.offer(7001, tuesdayAtTen.toISOString());
      const acuity = withFaults(fake);
      const fixture = await openBookingFixture(acuity);
      try {
        const { questions, specialists } = fixture.deps;
        const mapping = createMapping({
          db: fixture.db,
          audit: auditLog,
          questions,
          specialists,
          details: intakeDetails,
        });
        acuity.failNext('after');
        const pending = reasonOf(
          await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null),
        );
        expect(pending.reason).to.equal('outcome_pending');
        await remap(mapping, fixture.people, { 9101: '', 9108: 'reference' });
        const { id } = (await fixture.db('booking_attempts').first('id')) as { id: string };
        const [appointment] = fake.appointments.values();
        if (!appointment) throw new Error('Acuity made no appointment');
        if (found === 'by the worker') await fixture.settlement.settle(id);
        else await converge(fixture, appointment.id);
        const [booking, ...others] = (await fixture.db('bookings').select('*')) as Record<string, unknown>[];
        expect(others).to.deep.equal([]);
        expect(booking).to.include({ acuity_appointment_id: appointment.id, source: 'portal' });
        expect(fake.appointments.get(appointment.id)?.canceled).to.equal(false);
      } finally {
        await fixture.close();
      }
    });
  }
});
