import { expect } from 'chai';
import type { EmailRow } from '../../src/email/email.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { composeMail } from '../support/mail-parts.ts';
import { timeAhead } from '../support/days.ts';
import { openWebhookStack, rita, type WebhookStack } from '../support/webhook-stack.ts';

describe('a webhook event', () => {
  let ground: AppGround;
  let stack: WebhookStack;

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    stack = await openWebhookStack({ ground });
  });
  afterEach(() => stack.close());

  const idOf = async (table: string, where: object): Promise<string> => {
    const row = (await stack.app.db(table).where(where).first('id')) as { id: string };
    return row.id;
  };
  const progressOf = (bookingId: string) =>
    stack.app
      .db('booking_progress')
      .where({ booking_id: bookingId })
      .orderBy('created_at')
      .select('progress', 'source', 'notes');
  const mails = () => stack.app.db('emails').orderBy('created_at').pluck('kind');
  const events = () =>
    stack.app.db('webhook_events').orderBy('seq').select('action', 'state', 'outcome', 'note');

  it('makes a booking for the referrer with the appointment’s address, and tells them once', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    const booking = await stack.booking(id);
    expect(booking).to.include({
      source: 'acuity_direct',
      status: 'active',
      current_progress: 'scheduled',
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      details_needed: false,
      organization_id: await idOf('organizations', { name: 'Harbour Legal' }),
      created_by_id: await idOf('users', { email: rita }),
    });
    expect(await progressOf(booking?.id ?? '')).to.deep.equal([
      { progress: 'scheduled', source: 'acuity', notes: '' },
    ]);
    expect(await mails()).to.deep.equal(['booking_confirmation']);
    const seen = await (await stack.app.signIn(rita)).get(`/bookings/${booking?.id}`).expect(200);
    expect(seen.body.booking.source).to.equal('acuity_direct');
  });

  it('leaves the booking to staff and tells no referrer when the appointment names nobody known', async () => {
    const { id } = await stack.makeAppointment({ email: 'somebody@elsewhere.example', fields: [] });
    await stack.settled();
    const booking = await stack.booking(id);
    expect(booking).to.include({ organization_id: null, created_by_id: null, details_needed: true });
    expect(await mails()).to.deep.equal([]);
    await (await stack.app.signIn(rita)).get(`/bookings/${booking?.id}`).expect(404);
    await (await stack.app.signIn('sam@examdesk.example')).get(`/bookings/${booking?.id}`).expect(200);
  });

  it('assigns the booking to the organisation named in the form when nobody has the address', async () => {
    const { id } = await stack.makeAppointment({
      email: 'somebody@elsewhere.example',
      fields: [{ id: 9108, value: 'northside claims' }],
    });
    await stack.settled();
    expect(await stack.booking(id)).to.include({
      organization_id: await idOf('organizations', { name: 'Northside Claims' }),
      created_by_id: null,
    });
  });

  it('moves the booking, with a history entry and one mail, when the clinic moved it', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await stack.settled();
    const moved = new Date(new Date(datetime).getTime() + 2 * 3_600_000);
    await stack.app.db('bookings').update({ time_chosen_at: null });
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: moved.toISOString() });
    await stack.settled();
    const booking = await stack.booking(id);
    expect(booking?.starts_at.toISOString()).to.equal(moved.toISOString());
    expect((await stack.app.db('bookings').first('time_chosen_at'))?.time_chosen_at).to.be.an.instanceOf(
      Date,
    );
    expect((await progressOf(booking?.id ?? '')).map(({ progress }) => progress as string)).to.deep.equal([
      'scheduled',
      'rescheduled',
    ]);
    expect(await mails()).to.deep.equal(['booking_confirmation', 'booking_rescheduled']);
  });

  it('moves the booking to another specialist and records both names', async () => {
    const { id, datetime } = await stack.makeAppointment();
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime, calendarID: 7003 });
    await stack.settled();
    const booking = await stack.booking(id);
    expect(booking?.specialist_id).to.equal(await idOf('specialists', { acuity_calendar_id: 7003 }));
    const [, last] = await progressOf(booking?.id ?? '');
    expect(last).to.deep.include({
      progress: 'rescheduled',
      notes: 'Moved from Dr Amelia Hart to Dr Chen Wei',
    });
  });

  it('cancels the booking and tells the referrer when the clinic cancelled it', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.settled();
    expect(await stack.booking(id)).to.include({ status: 'cancelled', current_progress: 'cancelled' });
    expect(await mails()).to.deep.equal(['booking_confirmation', 'booking_cancelled']);
  });

  it('records a no-show and leaves the booking active', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, { noShow: true });
    await stack.settled();
    expect(await stack.booking(id)).to.include({ status: 'active', current_progress: 'no_show' });
    const { db } = stack.app;
    const row = (await db('emails').where({ kind: 'booking_no_show' }).first()) as EmailRow;
    const mail = await composeMail(db, row);
    expect(mail.subject).to.match(/^Examination missed: EX-/);
    expect(mail.text).not.to.match(/cancelled|free again/);
    expect(mail.calendars).to.equal(undefined);
  });

  it('updates the examinee’s details without a history entry or a mail', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { fields: [{ id: 9103, value: 'Marlow' }] });
    await stack.settled();
    const booking = await stack.booking(id);
    expect(booking).to.include({ examinee_last_name: 'Marlow', version: 2 });
    expect(await progressOf(booking?.id ?? '')).to.have.length(1);
    expect(await mails()).to.deep.equal(['booking_confirmation']);
  });

  it('copies the interpreter’s language when it is answered, and keeps ours when it is not', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    const answer = async (value: string) => {
      await stack.staff('PUT', `/appointments/${id}?admin=true`, { fields: [{ id: 9109, value }] });
      await stack.settled();
      return stack.booking(id);
    };
    expect(await answer('None')).to.include({ interpreter_language: null, version: 1 });
    expect(await answer('Arabic')).to.include({ interpreter_language: 'Arabic', version: 2 });
    expect(await answer('')).to.include({ interpreter_language: 'Arabic', version: 2 });
  });

  it('keeps corrections that staff made here while Acuity’s answers are unchanged', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    await stack.app
      .db('bookings')
      .where({ acuity_appointment_id: id })
      .update({ examinee_last_name: 'Marlow' });
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { notes: 'Nothing of ours' });
    await stack.settled();
    expect(await stack.booking(id)).to.include({ examinee_last_name: 'Marlow' });
  });

  it('copies the meeting link when there is one, and checks again while there is none', async () => {
    await stack.control('/switches', { link: { mode: 'never' } });
    await stack.app.system.worker.start();
    try {
      const { id } = await stack.makeAppointment({ calendarID: 7004, appointmentTypeID: 8004 });
      await stack.settled();
      expect(await stack.booking(id)).to.include({ type: 'telehealth', meeting_link: null });
      const jobs = await stack.app.db('graphile_worker._private_jobs').where({ key: `link:${id}` });
      expect(jobs).to.have.length(1);
      await stack.control('/switches', { link: { mode: 'at_once' } });
      await stack.app.system.services.convergence.fetchMeetingLink(id);
      expect((await stack.booking(id))?.meeting_link).to.match(/^https:\/\//);
    } finally {
      await stack.app.system.worker.stop();
    }
  });

  it('is left to staff and answered with 200 when the calendar belongs to no specialist', async () => {
    await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7001 })
      .update({ acuity_calendar_id: 7999 });
    const { id } = await stack.makeAppointment();
    await stack.settled();
    expect(await stack.booking(id)).to.equal(undefined);
    expect((await events())[0]).to.deep.include({
      state: 'processed',
      outcome: 'ignored',
      note: 'unknown_calendar:7001',
    });
  });

  it('invalidates the cached free times at once', async () => {
    const agent = await stack.app.signIn(rita);
    const specialist = await idOf('specialists', { acuity_calendar_id: 7001 });
    // On a weekend no time is free, whatever is cancelled.
    const { id, datetime } = await stack.makeAppointment({ datetime: timeAhead(10) });
    await stack.settled();
    const date = datetime.slice(0, 10);
    const free = async (): Promise<string[]> => {
      const { body } = await agent
        .get(`/specialists/${specialist}/availability?type=in_person&date=${date}`)
        .expect(200);
      return (body.slots as { startsAt: string }[]).map(({ startsAt }) => startsAt);
    };
    const before = await free();
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.settled();
    expect((await free()).length).to.be.greaterThan(before.length);
  });

  it('writes an audit row for the event and one for its change', async () => {
    const { id } = await stack.makeAppointment();
    await stack.settled();
    const booking = await stack.booking(id);
    const rows = (await stack.app.db('audit_log').orderBy('id').select('action', 'resource_id')) as {
      action: string;
      resource_id: string;
    }[];
    expect(rows.filter(({ action }) => action === 'webhook.received')).to.have.length(2);
    expect(rows.filter(({ action }) => action === 'webhook.processed')).to.have.length(2);
    expect(rows.filter((row) => row.resource_id === booking?.id).map(({ action }) => action)).to.deep.equal([
      'booking.created',
    ]);
  });
});
