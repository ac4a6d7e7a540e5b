import { expect } from 'chai';
import { acuityDown } from '../support/fakes/acuity.ts';
import {
  amelia,
  draftIdOf,
  ewan,
  inUtc,
  nineOnTuesday,
  offerTimes,
  openPageFixture,
  rita,
  sam,
  type PageFixture,
} from '../support/page-fixture.ts';
import { htmlRules, type Visit, type Visitor } from '../support/visitor.ts';

const chen = 7003;

describe('next free times on pages', () => {
  let fixture: PageFixture;
  let visitor: Visitor;

  before(async () => {
    fixture = await openPageFixture();
    offerTimes(fixture);
    fixture.acuity.offer(chen, '2026-11-27T09:00:00+08:00');
    visitor = await fixture.signedIn(rita);
  });
  after(() => fixture.close());
  beforeEach(() => fixture.acuity.recover());

  const fill = () => fixture.app.system.services.nextFreeFiller.fill();
  const cards = (page: Visit) => page.texts('.specialist .next-free');
  const names = (page: Visit) => page.texts('.specialist-name');

  it('are not known before the first reading', async () => {
    const page = await visitor.get('/specialists');
    expect(new Set(cards(page))).to.deep.equal(new Set(['Next free time not known just now']));
    expect((await visitor.get('/specialists/first-free')).text('.empty')).to.contain('No free time is known');
  });

  it('stand on every card with their age, sorted and filtered, without a call to Acuity', async () => {
    await fill();
    fixture.clock.at = new Date(fixture.clock.at.getTime() + 4 * 60_000);
    fixture.acuity.calls.length = 0;
    for (const path of ['/specialists', '/bookings/new']) {
      const page = await visitor.get(`${path}?q=hart`);
      expect(cards(page)).to.deep.equal(['Next free Tue 1 Dec 2026, 9:00 am In person, as of 4 minutes ago']);
      const sorted = await visitor.get(`${path}?sort=soonest`);
      expect(names(sorted).slice(0, 2)).to.deep.equal(['Dr Chen Wei', 'Dr Amelia Hart']);
      const neurology = await visitor.get(`${path}?specialty=Neurology&location=Perth+WA&type=in_person`);
      expect(names(neurology)).to.deep.equal(['Dr Chen Wei']);
    }
    const none = await visitor.get('/specialists?q=keller');
    expect(cards(none)[0]).to.match(/^No free time before \w{3} 1 Mar 2027 as of 4 minutes ago$/);
    expect(fixture.acuity.calls).to.deep.equal([]);
  });

  it('begin a booking at a chosen time', async () => {
    const page = await visitor.get('/specialists/first-free?type=in_person');
    expect(
      (await htmlRules.validateString(page.html)).results.flatMap(({ messages }) => messages),
    ).to.deep.equal([]);
    const when = page.texts('.free-slot-when');
    expect(when[0]).to.contain('Fri 27 Nov 2026, 9:00 am');
    expect(when[1]).to.contain('Tue 1 Dec 2026, 9:00 am');
    const form = page.form('/bookings/new');
    const chosen = await visitor.post('/bookings/new', {
      ...form,
      startsAt: inUtc('2026-11-27T09:00:00+08:00'),
    });
    expect(chosen.at).to.match(/\/examinee$/);
    expect(chosen.text('.choice')).to.contain('Dr Chen Wei').and.contain('9:00 am');
  });

  it('keep what was typed when the journey goes to another specialist', async () => {
    const draftId = await fixture.draftAt(visitor, 'check');
    const list = await visitor.get(`/bookings/new?draft=${draftId}&specialty=Neurology`);
    const hidden = (name: string) => list.attribute(`.free-slot input[name="${name}"]`, 'value');
    expect(hidden('draftId')).to.equal(draftId);
    const chosen = await visitor.post('/bookings/new', {
      specialistId: hidden('specialistId'),
      type: hidden('type'),
      draftId,
      startsAt: inUtc('2026-11-27T09:00:00+08:00'),
    });
    expect(chosen.at).to.equal(`/bookings/new/${draftId}/check`);
    expect(chosen.html).to.contain(ewan.lastName).and.contain('Dr Chen Wei');
  });

  it('are checked again when they are chosen', async () => {
    fixture.acuity.occupySlot(chen, '2026-11-27T09:00:00+08:00');
    await fixture.app.system.services.availability.invalidate(chen);
    const specialistId = await fixture.specialistId('Dr Chen Wei');
    const startsAt = inUtc('2026-11-27T09:00:00+08:00');
    const page = await visitor.post('/bookings/new', { specialistId, type: 'in_person', startsAt });
    expect(page.status).to.equal(422);
    expect(page.text('.error-summary')).to.contain('is not free any more');
    expect(page.html).not.to.contain(`value="${startsAt}"`);
    // Acuity cannot be asked: as in the journey, the confirmation checks it.
    fixture.acuity.failWith(acuityDown);
    const hart = { specialistId: await fixture.specialistId('Dr Amelia Hart'), type: 'in_person' };
    fixture.clock.at = new Date(fixture.clock.at.getTime() + 2 * 3_600_000);
    const accepted = await visitor.post('/bookings/new', { ...hart, startsAt: inUtc(nineOnTuesday) });
    expect(draftIdOf(accepted)).to.be.a('string');
  });

  it('are listed for staff, who book nothing', async () => {
    await fill();
    const staff = await fixture.signedIn(sam);
    const page = await staff.get('/specialists/first-free');
    expect(page.texts('.free-slot')).not.to.be.empty;
    expect(page.has('form[action="/bookings/new"]')).to.equal(false);
  });

  it('of others of the same specialty are offered when a time was taken', async () => {
    const likeHart = await fixture.app.db('specialists').where({ name: 'Dr Chen Wei' }).first('id');
    await fixture.app.database
      .owner('specialists')
      .where({ id: likeHart?.id })
      .update({ specialty: 'Orthopaedic surgery' });
    for (const day of ['2026-12-01', '2026-12-02', '2026-12-07', '2027-01-20'])
      fixture.acuity.offer(chen, `${day}T09:00:00+08:00`);
    await fixture.app.system.services.availability.invalidate(chen);
    await fill();
    const draftId = await fixture.draftAt(visitor, 'check');
    const check = await visitor.get(`/bookings/new/${draftId}/check`);
    fixture.acuity.occupySlot(amelia, nineOnTuesday);
    const taken = await visitor.post('/bookings', check.form('/bookings'));
    expect(taken.status).to.equal(409);
    expect(taken.texts('.free-slot-when').map((text) => text.slice(0, 14))).to.deep.equal([
      'Tue 1 Dec 2026',
      'Wed 2 Dec 2026',
      'Mon 7 Dec 2026',
    ]);
    const chosen = await visitor.post('/bookings/new', {
      ...taken.form('/bookings/new'),
      startsAt: inUtc('2026-12-02T09:00:00+08:00'),
    });
    expect(chosen.at).to.equal(`/bookings/new/${draftId}/check`);
  });
});
