import { expect } from 'chai';
import { acuityDown } from '../support/fakes/acuity.ts';
import { expectClean } from '../support/clean-pages.ts';
import type { Visitor } from '../support/visitor.ts';
import { ewan, nineOnTuesday, openPageFixture, rita, type PageFixture } from '../support/page-fixture.ts';

describe('the markup of every page', () => {
  let fixture: PageFixture;
  let visitor: Visitor;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(7001, nineOnTuesday, '2026-12-01T10:00:00+11:00');
    visitor = await fixture.signedIn(rita);
  });

  after(() => fixture.close());

  it('is valid when nobody is signed in', async () => {
    const stranger = fixture.visitor();
    await expectClean(
      await stranger.get('/'),
      await stranger.get('/sign-in'),
      await stranger.get('/sign-in?next=/bookings'),
      await stranger.post('/sign-in', { email: 'x', password: '' }),
      await stranger.get('/nowhere'),
    );
  });

  it('is valid in the journey, with and without errors', async () => {
    const draftId = await fixture.draftAt(visitor, 'time');
    const step = (name: string) => `/bookings/new/${draftId}/${name}`;
    await expectClean(
      await visitor.get('/bookings/new'),
      await visitor.get(`/bookings/new?draft=${draftId}&q=nobody`),
      await visitor.post('/bookings/new', { specialistId: 'x' }),
      await visitor.get(step('time')),
      await visitor.get(`${step('time')}?month=2027-02`),
      await visitor.post(step('time'), {}),
      await visitor.post(step('time'), { startsAt: new Date(nineOnTuesday).toISOString() }),
      await visitor.post(step('examinee'), {}),
      await visitor.post(step('examinee'), ewan),
      await visitor.get('/bookings/new/00000000-0000-4000-8000-000000000000/check'),
    );
    fixture.acuity.failWith(acuityDown);
    await expectClean(await visitor.get(`${step('time')}?month=2027-03`));
    fixture.acuity.recover();
    fixture.acuity.failNext('before');
    const check = await visitor.get(step('check'));
    await expectClean(await visitor.post('/bookings', check.form('/bookings')));
  });

  it('is valid on the pages of a booking', async () => {
    const other = await fixture.draftAt(visitor, 'check');
    const draftId = await fixture.draftAt(visitor, 'check');
    const otherCheck = await visitor.get(`/bookings/new/${other}/check`);
    await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: '2026-11-30T23:00:00.000Z' });
    const check = await visitor.get(`/bookings/new/${draftId}/check`);
    const done = await visitor.post('/bookings', check.form('/bookings'));
    expect(done.at).to.contain('?confirmed');
    const path = done.at.replace('?confirmed', '');
    await expectClean(
      done,
      await visitor.post(`/bookings/new/${other}/time`, { startsAt: '2026-11-30T23:00:00.000Z' }),
      await visitor.post('/bookings', otherCheck.form('/bookings')),
      await visitor.get('/'),
      await visitor.get('/bookings'),
      await visitor.get('/bookings?status=active&from=2026-12-01'),
      await visitor.get('/bookings?from=never'),
      await visitor.get('/bookings?view=calendar&month=2026-12'),
      await visitor.get(`${path}/reschedule`),
      await visitor.get(`${path}/cancel`),
      await visitor.post(`${path}/cancel`, { reason: 'Settled' }),
    );
  });

  it('is valid for staff', async () => {
    const specialistId = await fixture.specialistId('Dr Erik Lund');
    const list = await visitor.get('/specialists');
    expect(list.texts('.specialist-name')).to.include('Dr Erik Lund');
    const times = await visitor.get(`/specialists/${specialistId}/availability?type=telehealth`);
    expect(times.text('.tabs [aria-current]')).to.equal('Telehealth');
    await expectClean(
      list,
      times,
      await visitor.get('/specialists?q=nobody'),
      await visitor.get('/specialists/first-free?q=nobody'),
      await visitor.get(`/specialists/${specialistId}`),
      await visitor.get('/sign-out'),
    );
    expect((await visitor.get(`/specialists/${specialistId}/availability?type=psychic`)).status).to.equal(
      422,
    );
    expect((await visitor.get('/specialists/nobody/availability')).status).to.equal(404);
  });
});
