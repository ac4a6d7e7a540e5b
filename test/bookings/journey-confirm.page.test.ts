import { expect } from 'chai';
import { draftHours } from '../../src/bookings/index.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { acuityDown } from '../support/fakes/acuity.ts';
import type { Visit, Visitor } from '../support/visitor.ts';
import {
  draftIdOf,
  ewan,
  inUtc,
  nineOnTuesday,
  offerTimes,
  openPageFixture,
  rita,
  type PageFixture,
} from '../support/page-fixture.ts';
import { until } from '../support/until.ts';

describe('confirmation step of the booking journey', () => {
  let ground: AppGround;
  let fixture: PageFixture;
  let visitor: Visitor;

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    fixture = await openPageFixture(ground);
    offerTimes(fixture);
    visitor = await fixture.signedIn(rita);
  });

  afterEach(() => fixture.close());

  const confirm = async (draftId: string) => {
    const check = await visitor.get(`/bookings/new/${draftId}/check`);
    return visitor.post('/bookings', check.form('/bookings'));
  };

  /** Works as the worker does, until the attempt that the page waits for is settled. */
  const settle = async ({ at }: Visit) => {
    const id = /attempts\/([0-9a-f-]{36})/.exec(at)?.[1] ?? '';
    await until(async () => {
      await fixture.app.system.services.settlement.settle(id);
      const row = (await fixture.app.db('booking_attempts').where({ id }).first('state')) as {
        state: string;
      };
      return row.state !== 'open';
    });
  };

  const bookingCount = async () => (await fixture.app.db('bookings').select('id')).length;

  it('leads from the specialist to the confirmation without JavaScript', async () => {
    const choose = await visitor.get('/bookings/new');
    expect(choose.texts('.specialist-name')).to.include.members(['Dr Amelia Hart', 'Dr Bruno Keller']);
    expect(choose.texts('.fact').join()).to.contain('Sydney time').and.to.contain('Perth time');

    const specialistId = await fixture.specialistId('Dr Amelia Hart');
    const time = await visitor.post('/bookings/new', { specialistId, type: 'in_person' });
    expect(time.text('h1')).to.equal('Choose a day and time');
    expect(time.text('.month-table caption')).to.equal('December 2026');
    expect(time.texts('.slot-time')).to.deep.equal(['9:00 am', '10:00 am', '11:00 am']);
    expect(time.text('.zone-line')).to.contain('Sydney time (AEDT, UTC+11)');

    const draftId = draftIdOf(time);
    const examinee = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
    expect(examinee.text('h1')).to.equal('Who is being examined?');

    const check = await visitor.post(`/bookings/new/${draftId}/examinee`, ewan);
    expect(check.text('h1')).to.equal('Check your answers');
    expect(check.texts('.summary-list dd')).to.include.members([
      'Ewan',
      'Marsh',
      '0412 345 678',
      '27 March 1984',
      'CL-2207',
      'Needs an interpreter.',
      '9:00 am, Tuesday 1 December 2026Sydney time (AEDT, UTC+11)',
    ]);

    const done = await visitor.post('/bookings', check.form('/bookings'));
    expect(done.status).to.equal(200);
    expect(done.at).to.match(/^\/bookings\/[0-9a-f-]{36}\?confirmed$/);
    expect(done.text('.confirmation-title')).to.equal('Booked');
    const [booking] = (await fixture.app.db('bookings').select('reference', 'examinee_phone')) as {
      reference: string;
      examinee_phone: string;
    }[];
    expect(done.text('.confirmation-reference')).to.equal(booking?.reference);
    expect(booking?.examinee_phone).to.equal('+61412345678');
    expect(fixture.acuity.appointments.size).to.equal(1);
  });

  it('keeps health information out of every URL', async () => {
    const check = await fixture.draftAt(visitor, 'check');
    const seen = [(await visitor.get(`/bookings/new/${check}/check`)).at, (await confirm(check)).at].join();
    expect(seen).not.to.match(/Ewan|Marsh|0412|2207|1984/i);
    expect(fixture.app.logLines.join('\n')).not.to.match(/Ewan|Marsh|412 ?345|CL-2207|1984/i);
  });

  it('names the taken time, offers the nearest free ones and keeps every answer', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const rob = await fixture.signedIn('rob@harbour-legal.example');
    const robsDraft = await fixture.draftAt(rob, 'check');
    const robsCheck = await rob.get(`/bookings/new/${robsDraft}/check`);
    expect((await rob.post('/bookings', robsCheck.form('/bookings'))).has('.confirmation')).to.equal(true);

    const taken = await confirm(draftId);
    expect(taken.status).to.equal(409);
    expect(taken.text('.panel')).to.contain('9:00 am, Tuesday 1 December 2026 with Dr Amelia Hart');
    expect(taken.texts('.nearest-time')).to.deep.equal(['10:00 am', '11:00 am', '2:00 pm']);
    expect(taken.texts('.kept dd')).to.include.members(['Ewan', 'CL-2207', 'Needs an interpreter.']);

    const startsAt = taken.attribute('.nearest button', 'value');
    const check = await visitor.post(`/bookings/new/${draftId}/time`, { startsAt });
    expect(check.at).to.equal(`/bookings/new/${draftId}/check`);
    expect(check.texts('.summary-list dd')).to.include('Ewan');
    expect((await visitor.post('/bookings', check.form('/bookings'))).has('.confirmation')).to.equal(true);
    expect(await bookingCount()).to.equal(2);
  });

  it('books once when the form is sent several times', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    const sent = await Promise.all([visitor.post('/bookings', form), visitor.post('/bookings', form)]);
    // One that waited long for the other is led to the page that waits; by now that leads to the booking.
    const [first, second] = await Promise.all(
      sent.map(async (visit) => (visit.at.startsWith('/bookings/attempts/') ? visitor.get(visit.at) : visit)),
    );
    if (!first || !second) throw new Error('Two forms were sent');
    const reload = await visitor.post('/bookings', form);
    expect(first.status).to.equal(200);
    expect(second.at).to.equal(first.at);
    expect(reload.at).to.equal(first.at);
    expect(await bookingCount()).to.equal(1);
    expect(fixture.acuity.appointments.size).to.equal(1);
  });

  it('redirects earlier steps to the booking, and forgets the examinee, when it was made', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const step = `/bookings/new/${draftId}/examinee`;
    const keptFor = (await visitor.get(step)).attribute(`form[action="${step}"]`, 'data-keeps-for');
    await visitor.post(step, { ...ewan, keptFor });
    const done = await confirm(draftId);
    const back = await visitor.get(`/bookings/new/${draftId}/examinee`);
    expect(back.at).to.equal(done.at.replace('?confirmed', ''));
    const [row] = (await fixture.app.db('booking_drafts').select('data')) as { data: object }[];
    expect(JSON.stringify(row?.data)).not.to.contain('Ewan');
  });

  it('books nothing when the answers changed since the page was opened', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const old = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    fixture.acuity.failWith(acuityDown);
    await visitor.post('/bookings', old);
    fixture.acuity.recover();
    await visitor.post(`/bookings/new/${draftId}/examinee`, { ...ewan, lastName: 'Marlow' });
    const page = await visitor.post('/bookings', old);
    expect(page.status).to.equal(409);
    expect(page.text('.panel')).to.contain('This page was out of date');
    expect(page.texts('.summary-list dd')).to.include('Marlow');
    expect(await bookingCount()).to.equal(0);
  });

  it('says that nothing was booked when Acuity is unreachable, and books once it is back', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    fixture.acuity.failWith(acuityDown);
    const page = await confirm(draftId);
    expect(page.status).to.equal(503);
    expect(page.headers.get('retry-after')).to.match(/^\d+$/);
    expect(page.text('.panel')).to.contain('Nothing was booked');
    expect(page.texts('.summary-list dd')).to.include('Ewan');
    fixture.acuity.recover();
    expect((await visitor.post('/bookings', page.form('/bookings'))).has('.confirmation')).to.equal(true);
  });

  it('says that nobody can book, and books later, when Acuity does not let us in', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    fixture.acuity.failWith({ reason: 'unauthorized' });
    const page = await confirm(draftId);
    expect(page.status).to.equal(503);
    expect(page.headers.get('retry-after')).to.equal('60');
    expect(page.text('.panel')).to.contain('Nothing was booked: the calendar does not let us in');
    expect(page.text('.panel')).to.contain(`kept for ${draftHours} hours`);
    fixture.acuity.recover();
    expect((await visitor.post('/bookings', page.form('/bookings'))).has('.confirmation')).to.equal(true);
  });

  it('says what was asked of the calendar when its answer about a cancellation was lost', async () => {
    const { at } = await confirm(await fixture.draftAt(visitor, 'check'));
    const booking = at.replace('?confirmed', '');
    const cancel = await visitor.get(`${booking}/cancel`);
    fixture.acuity.failNext('before');
    const waiting = await visitor.post(`${booking}/cancel`, cancel.form(`${booking}/cancel`));
    expect(waiting.text('.lead')).to.equal(
      'We asked the specialist’s calendar to cancel the examination, but did not receive its answer.',
    );
    expect(waiting.text('#attempt')).to.contain('do not ask for it again');
    await settle(waiting);
    const failed = await visitor.get(waiting.at);
    expect(failed.text('h1')).to.equal('The booking was not changed');
    expect(failed.text('#attempt')).to.contain('could not be reached in time');
  });

  it('waits on its own page when Acuity’s answer was lost, and goes on to the outcome', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    fixture.acuity.failNext('after');
    const waiting = await confirm(draftId);
    expect(waiting.at).to.match(/^\/bookings\/attempts\/[0-9a-f-]{36}\?draft=/);
    expect(waiting.text('h1')).to.equal('We are checking whether it worked');
    expect(waiting.text('.lead')).to.contain('9:00 am, Tuesday 1 December 2026, Sydney time');
    expect(waiting.attribute('#attempt', 'hx-trigger')).to.equal('every 2s');
    await settle(waiting);
    const poll = await visitor.get(waiting.at, { 'HX-Request-Type': 'partial' });
    expect(poll.headers.get('hx-redirect')).to.match(/^\/bookings\/[0-9a-f-]{36}\?confirmed$/);
    expect((await visitor.get(waiting.at)).has('.confirmation')).to.equal(true);
  });

  it('says that nothing was booked, and links to the answers, when the lost request never arrived', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    fixture.acuity.failNext('before');
    const waiting = await confirm(draftId);
    await settle(waiting);
    const failed = await visitor.get(waiting.at);
    expect(failed.text('h1')).to.equal('Nothing was booked');
    const check = await visitor.get(failed.attribute('.actions a', 'href'));
    expect(check.at).to.equal(`/bookings/new/${draftId}/check`);
    expect((await visitor.post('/bookings', check.form('/bookings'))).has('.confirmation')).to.equal(true);
  });

  it('says that the draft expired when it was left too long', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    fixture.clock.at = new Date(fixture.clock.at.getTime() + (draftHours * 60 + 1) * 60_000);
    for (const page of [
      await visitor.get(`/bookings/new/${draftId}/check`),
      await visitor.post(`/bookings/new/${draftId}/examinee`, ewan),
      await visitor.post('/bookings', form),
    ]) {
      expect(page.status).to.equal(410);
      expect(page.text('h1')).to.equal('This booking has expired');
    }
    expect(await bookingCount()).to.equal(0);
  });

  it('shows neither another person’s draft nor one that never existed', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const rob = await fixture.signedIn('rob@harbour-legal.example');
    const others = await rob.get(`/bookings/new/${draftId}/check`);
    const unknown = await rob.get('/bookings/new/00000000-0000-4000-8000-000000000000/check');
    expect([others.status, unknown.status]).to.deep.equal([410, 410]);
    expect(others.html).not.to.contain('Ewan');
    expect((await rob.get('/bookings/new/nonsense/check')).status).to.equal(410);
  });

  it('asks for another specialist when the chosen one was deactivated between the steps', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const form = (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings');
    await fixture.app.db('specialists').where({ name: 'Dr Amelia Hart' }).update({ is_active: false });
    const page = await visitor.post('/bookings', form);
    expect(page.at).to.equal(`/bookings/new?draft=${draftId}`);
    expect(page.text('.notice')).to.contain('Dr Amelia Hart can no longer be booked');
    expect(page.texts('.specialist-name')).not.to.include('Dr Amelia Hart');
    const specialistId = await fixture.specialistId('Dr Amelia Hart');
    const again = await visitor.post('/bookings/new', { draftId, specialistId, type: 'in_person' });
    expect(again.status).to.equal(422);
  });

  it('returns to the answers when the session ended before the confirmation', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const check = `/bookings/new/${draftId}/check`;
    const form = (await visitor.get(check)).form('/bookings');
    visitor.forgetCookies();
    const signIn = await visitor.post('/bookings', form);
    expect(signIn.at).to.equal(`/sign-in?next=${encodeURIComponent(check)}`);
  });
});
