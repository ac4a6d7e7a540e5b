// Appointments that were made here and whose bookings the database has lost.
import { expect } from 'chai';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import type { Agent } from '../support/app.ts';
import { dayFromToday } from '../support/days.ts';
import { openWebhookStack, rita, type BookingRow, type WebhookStack } from '../support/webhook-stack.ts';

const referenceField = 9101;

describe('appointment with a reference of ours but no booking', () => {
  let ground: AppGround;
  let stack: WebhookStack;
  let agent: Agent;
  const sync = () => stack.app.system.services.sync;
  const reconcile = (tellsNobody = false) =>
    sync().reconcile({ ...sync().nearSpan(), fixes: true, tellsNobody });
  const mails = () => stack.app.db('emails').pluck('kind');

  // No events arrive here: only reconciliation finds anything.
  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openWebhookStack({ target: null, ground });
    agent = await stack.app.signIn(rita);
  });
  afterEach(() => stack.close());

  interface Made {
    id: string;
    reference: string;
    acuityAppointmentId: number;
    createdBy: { id: string };
    organization: { id: string };
  }

  let slot = 0;
  async function book(): Promise<Made> {
    const specialist = await stack.app.system.services.specialists.findByCalendar(7001);
    slot += 1;
    const date = dayFromToday(8 + slot);
    const times = await agent.get(`/specialists/${specialist?.id}/availability?type=in_person&date=${date}`);
    const startsAt = (times.body as { slots: { startsAt: string }[] }).slots[0]?.startsAt;
    if (!startsAt) return book();
    const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
    const { body } = await agent
      .post('/bookings')
      .send({ specialistId: specialist?.id, type: 'in_person', startsAt, examinee })
      .expect(201);
    return (body as { booking: Made }).booking;
  }

  /** What restoring an older backup does. */
  const deleteBookings = () => stack.app.database.owner.raw('truncate bookings, booking_attempts cascade');

  async function rowOf(appointmentId: number): Promise<BookingRow & { reference: string }> {
    const row = await stack.booking(appointmentId);
    if (!row) throw new Error(`Appointment ${appointmentId} has no booking`);
    return row as BookingRow & { reference: string };
  }

  it('becomes its former booking again, and nobody is told a second time', async () => {
    const made = [await book(), await book()];
    await deleteBookings();
    expect(await reconcile()).to.include({ found: 2, fixed: 2 });
    for (const { reference, acuityAppointmentId, createdBy, organization } of made)
      expect(await rowOf(acuityAppointmentId)).to.include({
        reference,
        source: 'portal',
        status: 'active',
        created_by_id: createdBy.id,
        organization_id: organization.id,
      });
    expect(await mails()).to.deep.equal([]);
    expect(await reconcile()).to.include({ found: 0 });
  });

  it('returns as cancelled or no-show when Acuity says so', async () => {
    const [cancelled, missed] = [await book(), await book()];
    await agent.post(`/bookings/${cancelled.id}/cancel`).send({}).expect(200);
    await stack.staff('PUT', `/appointments/${missed.acuityAppointmentId}/cancel?admin=true`, {
      noShow: true,
    });
    await deleteBookings();
    await reconcile();
    expect(await rowOf(cancelled.acuityAppointmentId)).to.include({
      reference: cancelled.reference,
      status: 'cancelled',
      current_progress: 'cancelled',
      source: 'portal',
    });
    expect(await rowOf(missed.acuityAppointmentId)).to.include({
      reference: missed.reference,
      status: 'active',
      current_progress: 'no_show',
    });
    expect(await mails()).to.deep.equal([]);
    expect(await reconcile()).to.include({ found: 0 });
  });

  it('is not imported when it was cancelled and has no reference of ours', async () => {
    const { id } = await stack.makeAppointment();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    expect(await reconcile()).to.include({ found: 0 });
    expect(await stack.booking(id)).to.equal(undefined);
  });

  it('returns as cancelled when the clinic made and cancelled it in a time that a restore lost', async () => {
    const [before, within] = [await stack.makeAppointment(), await stack.makeAppointment()];
    for (const { id } of [before, within])
      await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    const old = stack.simulator.state.appointments.find((one) => one.id === before.id);
    if (old) old.createdAt = new Date(Date.now() - 86_400_000).toISOString();
    await stack.app.db('restores').insert({
      id: '0190aaaa-0000-7000-8000-00000000000a',
      data_until: new Date(Date.now() - 3_600_000),
      started_at: new Date(Date.now() + 5_000),
    });
    expect(await reconcile()).to.include({ found: 1, fixed: 1 });
    expect(await rowOf(within.id)).to.include({ status: 'cancelled', source: 'acuity_direct' });
    expect(await stack.booking(before.id)).to.equal(undefined);
    expect(await mails()).to.deep.equal([]);
    expect(await reconcile()).to.include({ found: 0 });
  });

  for (const order of ['first', 'last'] as const)
    it(`keeps its reference when a copy of it is read ${order}`, async () => {
      const { acuityAppointmentId, reference } = await book();
      const copy = await stack.makeAppointment({
        fields: [{ id: referenceField, value: reference.toLowerCase() }],
      });
      await deleteBookings();
      const { convergence } = stack.app.system.services;
      const ids = [copy.id, acuityAppointmentId];
      for (const id of order === 'first' ? ids : ids.toReversed())
        await convergence.converge(id, { source: 'acuity' });
      expect((await rowOf(acuityAppointmentId)).reference).to.equal(reference);
      const copied = await rowOf(copy.id);
      expect(copied.source).to.equal('acuity_direct');
      expect(copied.reference).not.to.equal(reference);
      expect(await mails(), 'for the copy').to.deep.equal(['booking_confirmation']);
    });

  it('leaves the reference to its booking when the clinic typed that reference', async () => {
    const { reference, acuityAppointmentId } = await book();
    const typed = await stack.makeAppointment({ fields: [{ id: referenceField, value: reference }] });
    await reconcile();
    expect((await rowOf(acuityAppointmentId)).reference).to.equal(reference);
    const row = await rowOf(typed.id);
    expect(row.source).to.equal('acuity_direct');
    expect(row.reference).not.to.equal(reference);
  });

  it('counts as made by the clinic, and is confirmed, when Acuity names a member of staff', async () => {
    const { id } = await stack.makeAppointment({ fields: [{ id: referenceField, value: 'EX-7K3M9Q' }] });
    const there = stack.simulator.state.appointments.find((one) => one.id === id);
    if (there) there.scheduledBy = 'desk@clinic.example';
    await reconcile();
    expect(await rowOf(id)).to.include({ reference: 'EX-7K3M9Q', source: 'acuity_direct' });
    expect(await mails()).to.deep.equal(['booking_confirmation']);
  });

  it('has no referrer when Acuity names nobody known', async () => {
    const { acuityAppointmentId, reference } = await book();
    await stack.staff('PUT', `/appointments/${acuityAppointmentId}?admin=true`, {
      email: 'who@else.example',
    });
    await stack.app.db('intake_fields').where({ name: 'organization' }).delete();
    // The process keeps the fields; a request with a session learns that they changed.
    await agent.get('/specialists').expect(200);
    await deleteBookings();
    await reconcile();
    expect(await rowOf(acuityAppointmentId)).to.include({
      reference,
      source: 'acuity_direct',
      created_by_id: null,
      organization_id: null,
    });
  });

  for (const value of ['EX-7K3M9', 'EX-7K3M9O', 'CLAIM 77', 'EX-7K3M9Q and another'])
    it(`gets a new reference when Acuity holds “${value}”`, async () => {
      const { id } = await stack.makeAppointment({ fields: [{ id: referenceField, value }] });
      await reconcile();
      expect((await rowOf(id)).reference)
        .to.match(/^EX-[2-9A-HJKMNP-TV-Z]{6}$/)
        .and.not.equal(value);
    });

  it('is announced to nobody by a quiet reconciliation, whichever process finishes it', async () => {
    const [kept, moved] = [await stack.makeAppointment(), await stack.makeAppointment()];
    await reconcile(true);
    await stack.staff('PUT', `/appointments/${kept.id}/cancel?admin=true`, {});
    await stack.staff('PUT', `/appointments/${moved.id}/reschedule?admin=true`, {
      datetime: new Date(Date.parse(moved.datetime) + 3_600_000).toISOString(),
    });
    const { from, to } = sync().nearSpan();
    const past = new Date(Date.now() - 3_600_000);
    await stack.app.db('drift_reports').insert({
      id: '0190aaaa-0000-7000-8000-00000000000a',
      kind: 'all',
      fixes: true,
      tells_nobody: true,
      from_day: from,
      to_day: to,
      next_day: from,
      started_at: past,
      lease_until: past,
    });
    expect(await sync().resume()).to.include({ state: 'done', fixed: 2 });
    expect((await rowOf(kept.id)).status).to.equal('cancelled');
    expect(await mails()).to.deep.equal([]);
  });
});
