// Pages that were opened before somebody changed what they show: they say so, and change nothing unseen.
import { expect } from 'chai';
import { amelia, ewan, inUtc, openPageFixture, rita, type PageFixture } from '../support/page-fixture.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';

const [nine = '', ten = '', eleven = ''] = ['09', '10', '11'].map((hour) =>
  inUtc(`2026-12-09T${hour}:00:00+11:00`),
);
const partial = { accept: 'text/html', 'hx-request-type': 'partial' };

describe('stale pages', () => {
  let fixture: PageFixture;
  let visitor: Visitor;
  let rob: Visitor;
  let path: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(amelia, nine, ten, eleven);
    visitor = await fixture.signedIn(rita);
    rob = await fixture.signedIn('rob@harbour-legal.example');
    const draftId = await fixture.draftAt(visitor, 'time');
    await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: nine });
    const check = await visitor.post(`/bookings/new/${draftId}/examinee`, ewan);
    const done = await visitor.post('/bookings', check.form('/bookings'));
    path = done.at.replace('?confirmed', '');
  });

  after(() => fixture.close());
  beforeEach(() => move(visitor, nine));

  const move = (by: Visitor, startsAt: string) => by.post(`${path}/reschedule`, { startsAt });

  it('change nothing, and show the present time and who moved the booking, when it was moved meanwhile', async () => {
    const opened = {
      cancel: (await visitor.get(`${path}/cancel`)).form(`${path}/cancel`),
      reschedule: (await visitor.get(`${path}/reschedule`)).form(`${path}/reschedule`),
    };
    await move(rob, ten);
    for (const [form, typed] of [
      ['cancel', { reason: 'Settled' }],
      ['reschedule', { startsAt: eleven }],
    ] as const) {
      const late = await visitor.post(`${path}/${form}`, { ...opened[form], ...typed });
      expect(late.status, form).to.equal(409);
      expect(late.text('.panel'))
        .to.match(/moved meanwhile.* 10:00\sam, Wednesday 9 December 2026/s)
        .and.match(/Rob \w+ moved it on \w{3} \d+ \w{3} \d{4}, /);
      expect(late.form(`${path}/${form}`)).to.include({ ...typed, seen: ten });
    }
    const { at } = await visitor.post(`${path}/reschedule`, { startsAt: eleven, seen: ten });
    expect(at).to.equal(`${path}?rescheduled`);
  });

  it('say that the reader moved the booking when it was moved in another tab', async () => {
    const opened = (await visitor.get(`${path}/cancel`)).form(`${path}/cancel`);
    await move(visitor, ten);
    const late = await visitor.post(`${path}/cancel`, opened);
    expect(late.text('.panel')).to.contain('You moved it on');
  });

  it('reload the picker with the present time when another day is chosen on a page of an earlier time', async () => {
    const page = await visitor.get(`${path}/reschedule`);
    const day = page.attribute('.day-free', 'hx-get');
    const unchanged = await visitor.raw(day, { headers: partial });
    expect([unchanged.status, unchanged.headers.get('hx-redirect')]).to.deep.equal([200, null]);
    await move(rob, ten);
    const part = await visitor.raw(day, { headers: partial });
    expect(part.headers.get('hx-redirect')).to.equal(day);
    expect(await part.text()).to.equal('');
    const reloaded = await visitor.get(day);
    expect(reloaded.text('.panel')).to.match(/moved meanwhile.*Rob \w+ moved it/s);
    expect(reloaded.text('.choice')).to.contain('10:00 am');
    expect(reloaded.form(`${path}/reschedule`).seen).to.equal(ten);
    const [next] = reloaded.all('.day-free').map((link) => link.getAttributeValue('hx-get') ?? '');
    const followed = await visitor.get((next ?? '').replaceAll('&amp;', '&'));
    expect(followed.has('.panel'), 'seen now').to.equal(false);
  });

  it('show that the booking was moved when a nearest free time of an earlier page is followed', async () => {
    const taken = await visitor.post(`${path}/reschedule`, { startsAt: inUtc('2026-12-09T13:00:00+11:00') });
    expect(taken.status).to.equal(409);
    const nearest = taken.attribute('.nearest a', 'href');
    await move(rob, eleven);
    expect((await visitor.get(nearest)).text('.panel')).to.contain('moved meanwhile');
  });

  describe('of one draft in two tabs', () => {
    const priya = { ...ewan, firstName: 'Priya', lastName: 'Natarajan' };
    const thursdayAtTen = inUtc('2026-12-10T10:00:00+11:00');
    let step: string;
    let draftId: string;

    beforeEach(async () => {
      fixture.acuity.offer(amelia, nine, ten, eleven, thursdayAtTen);
      draftId = await fixture.draftAt(visitor, 'time');
      await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: thursdayAtTen });
      step = `/bookings/new/${draftId}/examinee`;
    });

    const twoTabs = async () => [(await visitor.get(step)).form(step), (await visitor.get(step)).form(step)];

    it('do not overwrite the examinee of the other unseen, and keep what is typed', async () => {
      const [one, other] = await twoTabs();
      await visitor.post(step, { ...one, ...ewan });
      const late = await visitor.post(step, { ...other, ...priya });
      expect(late.status).to.equal(409);
      expect(late.text('.panel')).to.contain('Ewan Marsh');
      expect(late.form(step)).to.include({ firstName: 'Priya', lastName: 'Natarajan' });
      expect(await markupErrors(late)).to.deep.equal([]);
      expect((await visitor.get(step)).form(step).firstName, 'nothing was overwritten').to.equal('Ewan');
      const { at } = await visitor.post(step, late.form(step));
      expect(at).to.equal(`/bookings/new/${draftId}/check`);
      expect((await visitor.get(step)).form(step)).to.include({ firstName: 'Priya', lastName: 'Natarajan' });
    });

    it('become two bookings when the reader wants both', async () => {
      const [one, other] = await twoTabs();
      await visitor.post(step, { ...one, ...ewan });
      const late = await visitor.post(step, { ...other, ...priya });
      const separate = await visitor.post(step, { ...late.form(step), separate: 'yes' });
      expect(separate.at)
        .to.match(/^\/bookings\/new\/[\w-]+\/time$/)
        .and.not.to.contain(draftId);
      const next = await visitor.post(separate.at, { startsAt: eleven });
      expect(next.form(next.at)).to.include({ firstName: 'Priya', lastName: 'Natarajan' });
      expect((await visitor.get(step)).form(step).firstName).to.equal('Ewan');
    });

    it('take the form again when the reader goes back to it in the same tab, and changes the time in between', async () => {
      const [one] = await twoTabs();
      await visitor.post(step, { ...one, ...ewan });
      await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: eleven });
      const again = await visitor.post(step, { ...one, ...priya });
      expect(again.at).to.equal(`/bookings/new/${draftId}/check`);
    });

    it('choose no time with another specialist than the page shows', async () => {
      const timeStep = `/bookings/new/${draftId}/time`;
      const page = await visitor.get(timeStep);
      const opened = page.form(timeStep);
      const day = page.attribute('.day-free', 'hx-get');
      const other = await fixture.app
        .db('specialists')
        .whereNot({ name: 'Dr Amelia Hart' })
        .where({ is_active: true });
      const services = await fixture.app.db('specialist_services').whereIn(
        'specialist_id',
        other.map(({ id }) => id),
      );
      const { specialist_id: specialistId, type } = services[0]!;
      const name = other.find(({ id }) => id === specialistId)?.name ?? '';
      await visitor.post('/bookings/new', { specialistId, type, draftId });
      const late = await visitor.post(timeStep, { ...opened, startsAt: eleven });
      expect(late.status).to.equal(409);
      expect(late.text('.panel')).to.contain(name);
      expect(late.text('.choice')).to.contain(name);
      const part = await visitor.raw(day, { headers: partial });
      expect(part.headers.get('hx-redirect')).to.equal(day);
      expect((await visitor.get(day)).text('.panel')).to.contain(name);
    });
  });
});
