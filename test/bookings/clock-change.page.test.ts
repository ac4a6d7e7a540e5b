// The end of daylight saving in Sydney: 2:30 am happens twice on 4 April 2027.
import { expect } from 'chai';
import { draftIdOf, ewan, openPageFixture, rita, type PageFixture } from '../support/page-fixture.ts';

const first = '2027-04-03T15:30:00.000Z';
const second = '2027-04-03T16:30:00.000Z';
const later = '2027-04-03T17:30:00.000Z';

describe('pages of a booking in the hour that a clock change repeats', () => {
  let fixture: PageFixture;
  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(7001, first, second, later);
  });
  after(() => fixture.close());

  it('tell both times apart when one is taken, when it is booked and when it is moved', async () => {
    const plain = (text: string) => text.replaceAll('\u00a0', ' ');
    const visitor = await fixture.signedIn(rita);
    const specialistId = await fixture.specialistId('Dr Amelia Hart');
    const draftId = draftIdOf(await visitor.post('/bookings/new', { specialistId, type: 'in_person' }));
    const time = `/bookings/new/${draftId}/time`;
    const picker = await visitor.get(`${time}?month=2027-04&day=2027-04-04`);
    expect(picker.texts('.slot-time').map(plain)).to.deep.equal([
      '2:30 am AEDT',
      '2:30 am AEST',
      '3:30 am AEST',
    ]);
    expect(picker.text('.zone-line')).to.contain('All times are Sydney time');
    await visitor.post(time, { startsAt: first });
    await visitor.post(`/bookings/new/${draftId}/examinee`, ewan);
    const confirm = async () =>
      visitor.post('/bookings', (await visitor.get(`/bookings/new/${draftId}/check`)).form('/bookings'));

    fixture.acuity.failNext({
      fails: { reason: 'refused', code: 'not_available', message: '', status: 400 },
    });
    const taken = await confirm();
    expect(plain(taken.text('.panel'))).to.contain('2:30 am AEDT, Sunday 4 April 2027');
    expect(taken.texts('.nearest-time').map(plain)).to.deep.equal(['2:30 am AEST', '3:30 am AEST']);
    await visitor.post(time, { startsAt: second });
    const booked = await confirm();
    expect(booked.text('main')).to.contain('Sydney time (AEST, UTC+10)');

    const booking = booked.at.replace('?confirmed', '');
    const moved = await visitor.post(`${booking}/reschedule`, { startsAt: first });
    expect(plain(moved.text('main'))).to.contain(
      'From 2:30 am AEST, Sun 4 Apr 2027 to 2:30 am AEDT, Sun 4 Apr 2027, Sydney time',
    );
  });
});
