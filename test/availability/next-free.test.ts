import { expect } from 'chai';
import type { NextFreeTimes } from '../../src/availability/index.ts';
import { acuityDown } from '../support/fakes/acuity.ts';
import {
  openPageFixture,
  offerTimes,
  nineOnTuesday,
  inUtc,
  amelia,
  type PageFixture,
} from '../support/page-fixture.ts';

const bruno = 7002;
const minuteMs = 60_000;

describe('the filler of next free times', () => {
  let fixture: PageFixture;
  let ameliaId: string;

  before(async () => {
    fixture = await openPageFixture();
    ameliaId = await fixture.specialistId('Dr Amelia Hart');
  });
  after(() => fixture.close());
  beforeEach(async () => {
    fixture.acuity.recover();
    offerTimes(fixture);
    fixture.acuity.offer(bruno, '2026-11-30T10:00:00+11:00');
    // Nothing of the last test is in the cache, nor in the table.
    fixture.clock.at = new Date(fixture.clock.at.getTime() + 2 * minuteMs);
    for (const calendar of [amelia, bruno])
      await fixture.app.system.services.availability.invalidate(calendar);
    await fixture.app.db('next_free_times').delete();
    fixture.acuity.calls.length = 0;
  });

  const fill = () => fixture.app.system.services.nextFreeFiller.fill();
  const calls = () =>
    fixture.acuity.calls.filter(({ method }) => method === 'availableDates' || method === 'availableTimes')
      .length;
  const pass = (minutes: number) => {
    fixture.clock.at = new Date(fixture.clock.at.getTime() + minutes * minuteMs);
  };
  async function ofAmelia(): Promise<NextFreeTimes | undefined> {
    const all = await fixture.app.system.services.nextFree.all(null);
    return all.find(({ specialistId }) => specialistId === ameliaId);
  }
  const first = async () => (await ofAmelia())?.slots[0]?.startsAt.toISOString();
  const services = async () => {
    const [row] = await fixture.app
      .db('specialist_services as s')
      .join('specialists as p', 'p.id', 's.specialist_id')
      .where({ is_active: true })
      .count({ n: '*' });
    return Number(row?.n);
  };

  it('reads what every active specialist offers, and nothing a second time before it is due', async () => {
    expect(await fill()).to.equal(await services());
    expect(await first()).to.equal(inUtc(nineOnTuesday));
    const made = calls();
    pass(9);
    expect(await fill()).to.equal(0);
    expect(calls()).to.equal(made);
    pass(2);
    expect(await fill()).to.equal(await services());
  });

  it('drops a time that Acuity no longer offers when somebody chose it, and reads the calendar again', async () => {
    await fill();
    const { availability, specialists } = fixture.app.system.services;
    const specialist = await specialists.findById(ameliaId);
    if (!specialist) throw new Error('Dr Amelia Hart is gone');
    const startsAt = new Date(nineOnTuesday);
    expect(await availability.isFree(specialist, 'in_person', startsAt)).to.equal('free');
    expect(await first()).to.equal(inUtc(nineOnTuesday));
    // Too soon by now: Acuity says so in no event.
    fixture.acuity.occupySlot(amelia, nineOnTuesday);
    pass(6);
    expect(await availability.isFree(specialist, 'in_person', startsAt)).to.equal('taken');
    expect(await first()).to.equal(inUtc('2026-12-01T10:00:00+11:00'));
    expect(await fill()).to.equal(1);
    expect(await availability.isFree(specialist, 'in_person', startsAt)).to.equal('taken');
    expect(await fill()).to.equal(0);
  });

  it('drops a taken time at once, and reads the calendar again after a change', async () => {
    await fill();
    fixture.acuity.occupySlot(amelia, nineOnTuesday);
    const startsAt = new Date(nineOnTuesday);
    await fixture.app.system.services.availability.invalidate(amelia, { startsAt, durationMinutes: 60 });
    expect(await first()).to.equal(inUtc('2026-12-01T10:00:00+11:00'));
    fixture.acuity.offer(amelia, '2026-11-26T09:00:00+11:00');
    expect(await fill()).to.equal(1);
    expect(await first()).to.equal(inUtc('2026-11-26T09:00:00+11:00'));
  });

  it('keeps the last known times with their age while Acuity is down, and shows none after an hour', async () => {
    await fill();
    const asOf = (await ofAmelia())?.asOf;
    pass(11);
    fixture.acuity.failWith(acuityDown);
    const before = calls();
    expect(await fill()).to.equal(0);
    expect(calls()).to.equal(before + 1);
    expect((await ofAmelia())?.asOf).to.deep.equal(asOf);
    pass(50);
    expect(await ofAmelia()).to.equal(undefined);
    fixture.acuity.recover();
    pass(1);
    await fill();
    expect(await ofAmelia()).not.to.equal(undefined);
  });

  it('leaves everything to a run of another process, and goes on when that run died', async () => {
    await fill();
    pass(11);
    await fixture.app
      .db('next_free_times')
      .where({ specialist_id: ameliaId })
      .update({ claimed_until: fixture.app.db.raw(`clock_timestamp() + interval '1 minute'`) });
    expect(await fill()).to.equal(0);
    await fixture.app
      .db('next_free_times')
      .where({ specialist_id: ameliaId })
      .update({ claimed_until: fixture.app.db.raw(`clock_timestamp() - interval '1 second'`) });
    expect(await fill()).to.equal(await services());
  });

  it('makes each call once when two processes start it at the same time', async () => {
    const [one, other] = await Promise.all([fill(), fill()]);
    expect(one + other).to.equal(await services());
  });

  it('reads again when the calendar changed while Acuity answered', async () => {
    await fill();
    pass(11);
    const held = fixture.acuity.hold();
    const filling = fill();
    while (held.waiting() === 0) await new Promise((go) => setTimeout(go, 5));
    fixture.acuity.offer(amelia, '2026-11-25T09:00:00+11:00');
    for (const calendar of [amelia, bruno, 7003, 7004, 7005, 7006])
      await fixture.app.system.services.availability.invalidate(calendar);
    held.answer();
    expect(await filling).to.be.above(await services());
    expect(await first()).to.equal(inUtc('2026-11-25T09:00:00+11:00'));
  });

  it('removes what a specialist no longer offers', async () => {
    await fill();
    await fixture.app.database.owner('specialists').where({ id: ameliaId }).update({ is_active: false });
    await fill();
    expect(await ofAmelia()).to.equal(undefined);
    await fixture.app.database.owner('specialists').where({ id: ameliaId }).update({ is_active: true });
  });
});
