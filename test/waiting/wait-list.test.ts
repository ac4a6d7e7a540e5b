import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { createFakeClock, type FakeClock } from '../support/fakes/clock.ts';
import type { Visitor } from '../support/visitor.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const calendar = 7001;
const rita = 'rita@harbour-legal.example';
const rob = 'rob@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';
const early = '2026-12-01T09:00:00+11:00';
const later = '2026-12-08T09:00:00+11:00';
const latest = '2026-12-15T09:00:00+11:00';
const utc = (time: string) => new Date(time).toISOString();

describe('the wait-list', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  let clock: FakeClock;
  let specialistId: string;
  let onBooking: (step: string) => Promise<void> | void = () => undefined;
  let onOffer: (step: string) => Promise<void> | void = () => undefined;
  const agents: Record<string, Agent> = {};
  const visitors: Record<string, Visitor> = {};

  before(async () => {
    acuity = createFakeAcuity();
    clock = createFakeClock();
    app = await startTestApp({
      overrides: {
        acuity,
        clock,
        bookings: { onStep: (step) => onBooking(step) },
        waiting: { onStep: (step) => onOffer(step) },
      },
    });
    specialistId = (await app.db('specialists').where({ acuity_calendar_id: calendar }).first('id'))!.id;
    for (const email of [rita, rob, nadia]) {
      agents[email] = await app.signIn(email);
      visitors[email] = await app.signedInVisitor(email);
    }
  });
  after(() => app.close());
  beforeEach(async () => {
    onBooking = onOffer = () => undefined;
    acuity.recover();
    acuity.calls.length = 0;
    await app.database.owner('emails').delete();
    await app.database.owner('wait_offers').delete();
    await app.database.owner('wait_entries').delete();
    await app.database.owner('freed_times').delete();
    await app.database
      .owner('bookings')
      .where({ status: 'active' })
      .update({ status: 'cancelled', current_progress: 'cancelled' });
    await app.database.owner('next_free_times').delete();
    acuity.offer(calendar, early, later, latest);
    await app.system.services.availability.invalidate(calendar);
  });

  async function book(email: string, startsAt: string): Promise<string> {
    const res = await agents[email]!.post('/bookings').send(bookingBody(specialistId, startsAt));
    expect(res.status, JSON.stringify(res.body)).to.equal(201);
    return (res.body as { booking: { id: string } }).booking.id;
  }
  const cancel = (email: string, id: string) =>
    agents[email]!.post(`/bookings/${id}/cancel`).send({}).expect(200);
  const wait = async (email: string, id: string) => {
    const page = await visitors[email]!.post(`/bookings/${id}/wait-list`, {});
    expect(page.at).to.equal(`/bookings/${id}?waiting`);
  };
  const offerFreed = () => app.system.services.waitListOffers.offerFreed();
  const offers = async (): Promise<{ id: string; state: string; starts_at: Date; email: string }[]> =>
    await app
      .db('wait_offers as o')
      .join('wait_entries as e', 'e.id', 'o.entry_id')
      .join('users as u', 'u.id', 'e.created_by_id')
      .orderBy('o.created_at')
      .select('o.id', 'o.state', 'o.starts_at', 'u.email');
  const told = (): Promise<string[]> =>
    app.db('emails').where({ kind: 'earlier_time_offered' }).orderBy('created_at').pluck('recipient');
  const lapse = () =>
    app.database
      .owner('wait_offers')
      .whereIn('state', ['open', 'checking'])
      .update({ expires_at: app.db.raw(`clock_timestamp() - interval '1 second'`) });
  const states = async () => (await offers()).map(({ email, state }) => [email, state]);

  /** Nadia has the early time; Rita and Rob have later ones, and wait in this order. */
  async function threeBookings() {
    const [first, ritas, robs] = [await book(nadia, early), await book(rita, later), await book(rob, latest)];
    await wait(rita, ritas);
    await wait(rob, robs);
    return { first, ritas, robs };
  }

  it('offers a freed time to the first in line, and to the next only when the hold has lapsed', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    expect(await offerFreed()).to.equal(1);
    expect(await told()).to.deep.equal([rita]);
    expect(await offerFreed()).to.equal(0);
    await lapse();
    expect(await offerFreed()).to.equal(1);
    expect(await states()).to.deep.equal([
      [rita, 'lapsed'],
      [rob, 'open'],
    ]);
    await lapse();
    expect(await offerFreed()).to.equal(0);
    expect(await told()).to.deep.equal([rita, rob]);
  });

  it('makes one offer when two processes learn of a freed time at once, or twice', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    await app.database.owner('freed_times').update({ noticed_at: app.db.raw('clock_timestamp()') });
    const made = await Promise.all([offerFreed(), offerFreed(), offerFreed()]);
    expect(made.reduce((sum, one) => sum + one, 0)).to.equal(1);
    expect(await told()).to.deep.equal([rita]);
  });

  it('holds the time: others neither see nor book it, the person does', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    await app.system.services.nextFreeFiller.fill();
    await offerFreed();
    const seen = async (email: string) => {
      const day = await agents[email]!.get(
        `/specialists/${specialistId}/availability?type=in_person&date=2026-12-01`,
      );
      return (day.body as { slots: { startsAt: string }[] }).slots.map(({ startsAt }) => startsAt);
    };
    expect(await seen(nadia)).to.deep.equal([]);
    expect(await seen(rob)).to.deep.equal([]);
    expect(await seen(rita)).to.deep.equal([utc(early)]);
    const free = await agents[nadia]!.get('/specialists/first-free');
    expect(JSON.stringify(free.body)).not.to.contain(utc(early));
    const res = await agents[nadia]!.post('/bookings').send({
      specialistId,
      type: 'in_person',
      startsAt: early,
      examinee: { firstName: 'Ida', lastName: 'Sample', phone: '+61412345678' },
    });
    expect(res.status).to.equal(409);
    expect(res.body).to.include({ code: 'slot_taken' });
    await lapse();
    await app.db('wait_offers').update({ state: 'lapsed', ended_at: app.db.raw('clock_timestamp()') });
    expect(await seen(nadia)).to.deep.equal([utc(early)]);
  });

  it('refuses a booking whose time was given away between its storing and its call', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    const calls = () => acuity.calls.filter(({ method }) => method === 'createAppointment').length;
    const before = calls();
    onBooking = async (step) => {
      if (step === 'attempt_stored') await offerFreed();
    };
    const res = await agents[nadia]!.post('/bookings').send({
      specialistId,
      type: 'in_person',
      startsAt: early,
      examinee: { firstName: 'Ida', lastName: 'Sample', phone: '+61412345678' },
    });
    expect(res.status).to.equal(409);
    expect(calls()).to.equal(before);
    expect(await states()).to.deep.equal([[rita, 'open']]);
  });

  it('offers nothing that a booking of ours is about to take', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    onBooking = async (step) => {
      if (step === 'before_acuity') expect(await offerFreed()).to.equal(0);
    };
    await book(nadia, early);
    expect(await told()).to.deep.equal([]);
  });

  it('moves the booking when the offer is accepted, once', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const page = await visitors[rita]!.get(`/bookings/${ritas}`);
    const action = page.attribute('.free-offer form', 'action');
    expect(page.attribute(`form[action="${action}"] [data-progress]`, 'data-progress')).to.match(/^Moving…/);
    expect((await visitors[nadia]!.post(action, {})).status).to.equal(404);
    expect((await visitors[rob]!.post(action, {})).status).to.equal(404);
    const [one, other] = await Promise.all([
      visitors[rita]!.post(action, {}),
      visitors[rita]!.post(action, {}),
    ]);
    for (const moved of [one, other]) expect(moved.at).to.equal(`/bookings/${ritas}?rescheduled`);
    const booking = await app.db('bookings').where({ id: ritas }).first('starts_at');
    expect(booking?.starts_at).to.deep.equal(new Date(early));
    expect(acuity.calls.filter(({ method }) => method === 'reschedule')).to.have.length(1);
    expect(await states()).to.deep.equal([[rita, 'accepted']]);
    expect(await app.db('wait_entries').where({ booking_id: ritas }).pluck('state')).to.deep.equal([
      'accepted',
    ]);
    // What Rita has left is offered to the next in line.
    expect(await offerFreed()).to.equal(1);
    expect(await told()).to.deep.equal([rita, rob]);
  });

  it('says so when the time was taken meanwhile, and keeps the person on the list', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const [offer] = await offers();
    acuity.occupySlot(calendar, early);
    const page = await visitors[rita]!.post(`/wait-list/offers/${offer!.id}/accept`, {});
    expect(page.status).to.equal(409);
    expect(page.text('.panel-warn'))
      .to.contain('has just been taken')
      .and.contain('You stay on the wait-list');
    expect(page.text('.free-slots')).to.contain('Dr Amelia Hart');
    expect((await app.db('bookings').where({ id: ritas }).first('starts_at'))?.starts_at).to.deep.equal(
      new Date(later),
    );
    expect(await offerFreed()).to.equal(0);
    const again = await visitors[rita]!.post(`/wait-list/offers/${offer!.id}/accept`, {});
    expect(again.status).to.equal(409);
  });

  it('tells on its page until when a time is held, and of a hold that is over', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const held = await visitors[rita]!.get('/wait-list');
    expect(held.text('.free-offer h2')).to.match(/held for you until \d{1,2}:\d\d [ap]m AE[DS]T$/);
    expect(held.has('.panel-warn')).to.equal(false);
    await lapse();
    await offerFreed();
    const over = await visitors[rita]!.get('/wait-list');
    expect(over.has('.free-offer')).to.equal(false);
    expect(over.text('.panel-warn')).to.contain('9:00 am, Tuesday 1 December 2026 (Sydney time, AEDT)');
    expect(over.attribute('.panel-warn a', 'href')).to.equal(`/bookings/${ritas}/reschedule?day=2026-12-01`);
    expect((await visitors[nadia]!.get('/wait-list')).has('.panel-warn')).to.equal(false);
  });

  it('moves nothing when the booking was moved after the page with the offer was opened', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const [offer] = await offers();
    const action = `/wait-list/offers/${offer!.id}/accept`;
    const opened = (await visitors[rita]!.get('/wait-list')).form(action);
    expect(opened).to.deep.equal({ seen: utc(later) });
    const sooner = '2026-12-07T09:00:00+11:00';
    acuity.offer(calendar, early, later, latest, sooner);
    await agents[rob]!.post(`/bookings/${ritas}/reschedule`).send({ startsAt: sooner }).expect(200);
    const page = await visitors[rita]!.post(action, opened);
    expect(page.status).to.equal(409);
    expect(page.text('.panel')).to.match(
      /moved meanwhile.*Rob \w+ moved it.*9:00\sam, Monday 7 December 2026/s,
    );
    expect((await visitors[rita]!.post(action, page.form(action))).at).to.equal(
      `/bookings/${ritas}?rescheduled`,
    );
  });

  it('answers a late acceptance plainly, and changes nothing', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    await lapse();
    const [offer] = await offers();
    const page = await visitors[rita]!.post(`/wait-list/offers/${offer!.id}/accept`, {});
    expect(page.status).to.equal(409);
    expect(page.text('.panel-warn')).to.contain('This offer has ended');
    expect(acuity.calls.filter(({ method }) => method === 'reschedule')).to.deep.equal([]);
    expect((await app.db('bookings').where({ id: ritas }).first('starts_at'))?.starts_at).to.deep.equal(
      new Date(later),
    );
  });

  it('tells nobody of the other organisation once a booking was given to another', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const [offer] = await offers();
    const northside = await app.db('organizations').where({ name: 'Northside Claims' }).first('id');
    const given = { organization_id: northside!.id };
    expect((await visitors[rita]!.get('/')).text('main')).to.contain('wait-list');
    await app.database.owner('bookings').where({ id: ritas }).update(given);
    const page = await visitors[nadia]!.get(`/bookings/${ritas}`);
    expect(page.status).to.equal(200);
    expect(page.text('main')).not.to.contain('has been on the wait-list');
    const reference = (await app.db('bookings').where({ id: ritas }).first('reference'))!.reference;
    expect((await visitors[rita]!.get('/wait-list')).text('main')).not.to.contain(reference);
    expect((await visitors[rita]!.get('/')).text('main'), 'home counts no entry').not.to.contain('wait-list');
    expect((await visitors[rita]!.post(`/wait-list/offers/${offer!.id}/accept`, {})).status).to.equal(404);
    await wait(nadia, ritas);
    expect((await visitors[nadia]!.get('/wait-list')).text('main')).to.contain(
      `Ewan Marsh, booking ${reference}`,
    );
  });

  it('passes a declined time on, and offers it to nobody twice', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const [offer] = await offers();
    expect((await visitors[rob]!.post(`/wait-list/offers/${offer!.id}/decline`, {})).status).to.equal(404);
    expect((await visitors[rita]!.post(`/wait-list/offers/${offer!.id}/decline`, {})).at).to.equal(
      '/wait-list?declined',
    );
    await offerFreed();
    expect(await told()).to.deep.equal([rita, rob]);
    await visitors[rob]!.post(`/wait-list/offers/${(await offers())[1]!.id}/decline`, {});
    expect(await offerFreed()).to.equal(0);
  });

  it('goes on after a process died between the hold and the e-mail', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    for (const died of ['held', 'checked']) {
      onOffer = (step) => {
        if (step === died) throw new Error('killed');
      };
      let failed = false;
      await offerFreed().catch(() => (failed = true));
      expect(failed).to.equal(true);
      expect(await told()).to.deep.equal([]);
      onOffer = () => undefined;
      expect(await offerFreed()).to.equal(0);
      await lapse();
    }
    expect(await offerFreed()).to.equal(1);
    expect(await told()).to.deep.equal([rita]);
  });

  it('notes the acceptance when the process died after the move', async () => {
    const { first, ritas } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    // As when the answer of Acuity was settled by the worker, perhaps after the hold had lapsed.
    await agents[rita]!.post(`/bookings/${ritas}/reschedule`).send({ startsAt: early }).expect(200);
    await lapse();
    await offerFreed();
    expect((await states())[0]).to.deep.equal([rita, 'accepted']);
  });

  it('waits while Acuity does not answer, or does not offer the time yet', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    acuity.failWith({ reason: 'queue_full', retryAfterMs: 1_000 });
    expect(await offerFreed()).to.equal(0);
    acuity.recover();
    expect(await offerFreed()).to.equal(0);
    acuity.occupySlot(calendar, early);
    const soon = () => app.database.owner('freed_times').update({ check_at: null });
    await soon();
    expect(await offerFreed()).to.equal(0);
    acuity.offer(calendar, early);
    await soon();
    expect(await offerFreed()).to.equal(1);
    expect(await told()).to.deep.equal([rita]);
  });

  it('asks Acuity once a run while it does not answer, however many times were freed', async () => {
    const second = '2026-12-02T09:00:00+11:00';
    acuity.offer(calendar, second);
    await app.system.services.availability.invalidate(calendar);
    const freed = [(await threeBookings()).first, await book(nadia, second)];
    for (const id of freed) await cancel(nadia, id);
    acuity.failWith({ reason: 'queue_full', retryAfterMs: 1_000 });
    const before = acuity.calls.length;
    expect(await offerFreed()).to.equal(0);
    expect(acuity.calls.slice(before).map(({ method }) => method)).to.deep.equal(['availableTimes']);
    acuity.recover();
    expect(await offerFreed()).to.equal(1);
    expect((await offers()).map(({ state }) => state)).to.deep.equal(['withdrawn', 'open']);
  });

  it('learns of a time that only Acuity knows to be free from the filler of next free times', async () => {
    const booking = await book(rita, latest);
    await book(nadia, later);
    acuity.occupySlot(calendar, early);
    await app.system.services.availability.invalidate(calendar);
    await wait(rita, booking);
    const { nextFreeFiller } = app.system.services;
    await nextFreeFiller.fill();
    expect(await offerFreed()).to.equal(0);
    acuity.offer(calendar, early);
    clock.pass({ minutes: 11 });
    await nextFreeFiller.fill();
    expect(await offerFreed()).to.equal(1);
    expect(await told()).to.deep.equal([rita]);
    expect((await offers())[0]?.starts_at).to.deep.equal(new Date(early));
  });

  it('does not offer a person the time that their own booking has left', async () => {
    const booking = await book(rita, early);
    await wait(rita, booking);
    await agents[rita]!.post(`/bookings/${booking}/reschedule`).send({ startsAt: later }).expect(200);
    expect(await offerFreed()).to.equal(0);
  });

  it('ends with the booking, with the right to see it, and when the person leaves', async () => {
    const { ritas, robs, first } = await threeBookings();
    await cancel(rita, ritas);
    await app.database.owner('users').where({ email: rob }).update({ banned: true });
    await cancel(nadia, first);
    expect(await offerFreed()).to.equal(0);
    await app.database.owner('users').where({ email: rob }).update({ banned: false });
    const ended = await app.db('wait_entries').whereIn('booking_id', [ritas, robs]).pluck('state');
    expect(ended).to.deep.equal(['over', 'over']);
    agents[rob] = await app.signIn(rob);
    visitors[rob] = await app.signedInVisitor(rob);
    await wait(rob, robs);
    const list = await visitors[rob].get('/wait-list');
    const left = await visitors[rob].post(list.attribute('.free-slots form', 'action'), {});
    expect(left.at).to.equal('/wait-list?left');
    expect(left.text('.empty')).to.contain('You are not on the wait-list');
  });

  it('takes people before they book, and holds the time while they do', async () => {
    const first = await book(nadia, early);
    await book(rob, later);
    const form = await visitors[rita]!.get(`/wait-list/new?specialist=${specialistId}&type=in_person`);
    const sent = { ...form.form('/wait-list'), before: '' };
    expect((await visitors[rita]!.post('/wait-list', sent)).status).to.equal(422);
    const joined = await visitors[rita]!.post('/wait-list', { ...sent, before: '2026-12-07' });
    expect(joined.at).to.equal('/wait-list?joined');
    await visitors[rita]!.post('/wait-list', { ...sent, before: '2026-12-05' });
    expect(await app.db('wait_entries').where({ state: 'waiting' })).to.have.length(1);
    await cancel(nadia, first);
    await offerFreed();
    expect(await told()).to.deep.equal([rita]);
    const home = await visitors[rita]!.get('/');
    expect(home.all('main a[href="/wait-list"]')).to.have.length(1);
    expect(home.text('.free-offer')).to.contain('Tue 1 Dec 2026, 9:00 am');
    const others = await visitors[nadia]!.get('/');
    expect(others.has('.free-offer')).to.equal(false);
    expect(others.has('main a[href="/wait-list"]')).to.equal(false);
    const begun = await visitors[rita]!.post(home.attribute('.free-offer form', 'action'), {});
    expect(begun.at).to.match(/^\/bookings\/new\/[0-9a-f-]+\/examinee$/);
    await book(rita, early);
    // Before the job has marked the offer as accepted.
    expect((await visitors[rita]!.get('/')).has('.free-offer')).to.equal(false);
    expect((await visitors[rita]!.get('/wait-list')).text('.empty')).to.contain(
      'You are not on the wait-list',
    );
    await offerFreed();
    expect(await states()).to.deep.equal([[rita, 'accepted']]);
    expect(await app.db('wait_entries').pluck('state')).to.deep.equal(['accepted']);
  });

  it('shows the days of somebody who waits, and does not overwrite them from an earlier page', async () => {
    const address = `/wait-list/new?specialist=${specialistId}&type=in_person`;
    const open = async () => (await visitors[rita]!.get(address)).form('/wait-list');
    const join = (fields: Record<string, string>) => visitors[rita]!.post('/wait-list', fields);
    const opened = { ...(await open()), before: '2026-12-07', notBefore: '2026-12-02' };
    expect((await join(opened)).at).to.equal('/wait-list?joined');
    expect((await join(opened)).at, 'a double click').to.equal('/wait-list?joined');
    const page = await visitors[rita]!.get(address);
    expect(page.form('/wait-list')).to.include({ before: '2026-12-07', notBefore: '2026-12-02' });
    expect(page.text('.notice')).to.contain('from Wed 2 Dec 2026, before Mon 7 Dec 2026');
    const late = await join({ ...opened, before: '2026-12-05' });
    expect(late.status).to.equal(409);
    expect(late.text('.notice')).to.contain('before Mon 7 Dec 2026');
    expect((await join(late.form('/wait-list'))).at).to.equal('/wait-list?joined');
    expect((await open()).before).to.equal('2026-12-05');
  });

  it('keeps both names of an admin who acts, in the entry and in the audit log', async () => {
    const booking = await book(rita, later);
    const ada = await app.signIn('ada@examdesk.example');
    const person = await app.db('users').where({ email: rita }).first('id');
    await ada.post('/admin/impersonate').send({ userId: person!.id, reason: 'On the phone' }).expect(200);
    await ada.post(`/bookings/${booking}/wait-list`).send({}).expect(200);
    const entry = await app.db('wait_entries').where({ booking_id: booking }).first();
    const admin = await app.db('users').where({ email: 'ada@examdesk.example' }).first('id');
    expect(entry).to.include({ created_by_id: person!.id, created_for_id: admin!.id });
    const audit = await app
      .db('audit_log')
      .where({ resource_type: 'wait_entry', resource_id: entry!.id })
      .first();
    expect(audit).to.include({ actor_id: admin!.id, acting_as_id: person!.id });
    await ada.post('/admin/exit-impersonation').send({}).expect(200);
  });

  it('refuses other organisations, staff, and bookings that cannot be moved', async () => {
    const booking = await book(rita, later);
    expect((await visitors[nadia]!.post(`/bookings/${booking}/wait-list`, {})).status).to.equal(404);
    const staff = await app.signedInVisitor('sam@examdesk.example');
    expect((await staff.post(`/bookings/${booking}/wait-list`, {})).status).to.equal(403);
    await cancel(rita, booking);
    expect((await visitors[rita]!.post(`/bookings/${booking}/wait-list`, {})).at).to.equal(
      `/bookings/${booking}`,
    );
    expect(await app.db('wait_entries')).to.deep.equal([]);
  });

  it('sends the e-mail of an offer only while it is open', async () => {
    const { first } = await threeBookings();
    await cancel(nadia, first);
    await offerFreed();
    const email = await app.db('emails').where({ kind: 'earlier_time_offered' }).first();
    const { composeMail, readerOf } = await import('../support/mail-parts.ts');
    expect(await readerOf(app.db, email)).to.deep.include({ state: 'may', address: rita });
    const mail = await composeMail(app.db, email);
    expect(mail.subject).to.match(/^Earlier time offered: EX-\w{6}, Tuesday 1 December 2026$/);
    expect(mail.text).to.contain('/wait-list').and.contain('binds within Examdesk only');
    expect(mail.text).to.match(/held for you until \d{1,2}:\d\d [ap]m AE[DS]T, 10 minutes/);
    expect(mail.text).not.to.contain('Marsh');
    await lapse();
    expect(await readerOf(app.db, email)).to.deep.equal({ state: 'may_not' });
  });
});
