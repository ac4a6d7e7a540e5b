import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { insertDocumentRow } from '../support/document-row.ts';
import fc from 'fast-check';
import type { Actor } from '../../src/accounts/index.ts';
import {
  changeBooking,
  createBookingNeeds,
  insertProgress,
  mostCounted,
  onlyNeeding,
  readListFacts,
  selectBookings,
  type BookingNeeds,
  type Progress,
  type Whose,
} from '../../src/bookings/index.ts';
import { shiftDays } from '../../src/lib/dates.ts';
import {
  openBookingFixture,
  openBookingGround,
  tuesdayAtTen,
  valueOf,
  type BookingFixture,
  type BookingGround,
} from '../support/booking-fixture.ts';
import { aBookingOf } from '../support/console-records.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { assertAlways } from '../support/random.ts';

describe('what needs a referrer', () => {
  let ground: BookingGround;
  let fixture: BookingFixture;
  let needs: BookingNeeds;
  let bookingId: string;

  /** The Friday before `tuesdayAtTen`: the documents were due the day before. */
  const friday = new Date('2026-11-27T09:00:00+11:00');

  before(async () => {
    ground = await openBookingGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    const fake = createFakeAcuity();
    fake.offer(7001, tuesdayAtTen.toISOString());
    fixture = await openBookingFixture(fake, {}, ground);
    needs = createBookingNeeds({ statements: fixture.statements });
    bookingId = valueOf(await fixture.attempts.book(fixture.people.rita, fixture.requestFor(), null)).id;
  });

  const kinds = async (
    actor: Actor,
    { whose = 'mine', now = friday }: { whose?: Whose; now?: Date } = {},
  ): Promise<string[]> =>
    (await needs.list(actor.viewer, now, { whose, limit: 10 })).bookings.flatMap((one) =>
      one.needs.map(({ kind }) => kind),
    );
  const counts = async (actor: Actor) =>
    (await needs.list(actor.viewer, friday, { whose: 'mine', limit: 10 })).counts;
  const put = (
    category: 'brief' | 'consent_form' | 'report',
    columns: Record<string, unknown> = {},
  ): Promise<string> =>
    insertDocumentRow(fixture.db, {
      booking_id: bookingId,
      category,
      uploaded_by_id: fixture.people.sam.viewer.userId,
      ...columns,
    });
  const putPapers = async () => {
    await put('consent_form');
    await put('brief');
  };
  const release = async () => {
    const id = await put('report');
    await fixture.db('documents').where({ id }).update({ released_at: fixture.db.fn.now(), releases: 1 });
    return id;
  };
  /** @param by null: Acuity */
  const progressTo = (progress: Progress, by: Actor | null) =>
    fixture.db.transaction(async (trx) => {
      const status = progress === 'cancelled' ? 'cancelled' : 'active';
      await changeBooking(trx, bookingId, { status, currentProgress: progress });
      await insertProgress(trx, {
        id: randomUUID(),
        bookingId,
        progress,
        changedById: by?.viewer.userId ?? null,
        changedForId: null,
        source: by ? 'portal' : 'acuity',
        notes: '',
      });
    });
  const open = (actor: Actor, isOpened?: boolean) =>
    fixture.bookings.view(actor, bookingId, isOpened === undefined ? {} : { isOpened });
  const addContact = (actor: Actor, role: 'solicitor' | 'report_recipient') =>
    fixture.bookings.setContacts(fixture.people.rita, bookingId, [{ userId: actor.viewer.userId, role }]);

  describe('news', () => {
    beforeEach(putPapers);

    it('is a released report until its referrer opens the booking, and again after another release', async () => {
      const { rita, rob, nadia, sam } = fixture.people;
      const report = await release();
      expect(await kinds(rita)).to.deep.equal(['report_ready']);
      expect([await kinds(rob), await kinds(nadia), await kinds(sam)]).to.deep.equal([[], [], []]);
      await open(sam);
      expect(await kinds(rob, { whose: 'all' })).to.deep.equal(['report_ready']);
      await open(rob);
      expect(await kinds(rita)).to.deep.equal(['report_ready']);
      await open(rita);
      expect(await kinds(rita)).to.deep.equal([]);
      expect(await kinds(rob, { whose: 'all' })).to.deep.equal([]);
      const setRelease = (released_at: Date | null) =>
        fixture.db('documents').where({ id: report }).update({ released_at });
      await setRelease(null);
      await setRelease(new Date());
      expect(await kinds(rita)).to.deep.equal(['report_ready']);
      await setRelease(null);
      expect(await kinds(rita)).to.deep.equal([]);
    });

    it('stays new when an admin acting as the referrer, or an open page, reads the booking', async () => {
      await release();
      await open(fixture.adaAsRita);
      await open(fixture.people.rita, false);
      expect(await kinds(fixture.people.rita)).to.deep.equal(['report_ready']);
      expect(await kinds(fixture.adaAsRita)).to.deep.equal(['report_ready']);
    });

    it('is a change by the clinic while it holds, and none by a referrer', async () => {
      const { rita, sam } = fixture.people;
      await progressTo('rescheduled', rita);
      expect(await kinds(rita)).to.deep.equal([]);
      await progressTo('rescheduled', null);
      expect(await kinds(rita)).to.deep.equal(['moved']);
      await progressTo('no_show', sam);
      expect(await kinds(rita)).to.deep.equal(['no_show']);
      await progressTo('cancelled', null);
      expect(await kinds(rita)).to.deep.equal(['cancelled']);
      await open(rita);
      expect(await kinds(rita)).to.deep.equal([]);
    });

    it('concerns a solicitor, and who receives the report with the report only', async () => {
      const { rob } = fixture.people;
      await progressTo('rescheduled', null);
      await release();
      await addContact(rob, 'report_recipient');
      expect(await kinds(rob)).to.deep.equal(['report_ready']);
      await addContact(rob, 'solicitor');
      expect(await kinds(rob)).to.deep.equal(['report_ready', 'moved']);
    });

    it('concerns everybody of the organisation when the referrer has left', async () => {
      const { rita, rob } = fixture.people;
      await release();
      expect(await counts(rob)).to.deep.equal({ mine: 0, all: 1 });
      expect(await kinds(rob, { whose: 'all' })).to.deep.equal(['report_ready']);
      await fixture.owner('members').where({ user_id: rita.viewer.userId }).delete();
      expect(await counts(rob)).to.deep.equal({ mine: 1, all: 1 });
      expect(await kinds(rob)).to.deep.equal(['report_ready']);
    });

    it('follows the booking into another organisation', async () => {
      const { rita, rob, nadia } = fixture.people;
      await release();
      await fixture.db('bookings').where({ id: bookingId }).update({
        organization_id: nadia.viewer.organization?.id,
        created_by_id: nadia.viewer.userId,
      });
      expect(await kinds(nadia)).to.deep.equal(['report_ready']);
      expect([await kinds(rita, { whose: 'all' }), await kinds(rob, { whose: 'all' })]).to.deep.equal([
        [],
        [],
      ]);
    });

    it('ends after ninety days', async () => {
      await release();
      await fixture.db('booking_news').update({ at: new Date(friday.getTime() - 91 * 86_400_000) });
      expect(await kinds(fixture.people.rita)).to.deep.equal([]);
    });
  });

  describe('documents', () => {
    const dueOf = async (now: Date) =>
      (await needs.list(fixture.people.rita.viewer, now, { whose: 'mine', limit: 10 })).bookings.flatMap(
        (one) => one.needs.map(({ kind, dueOn, isNew }) => ({ kind, dueOn, isNew })),
      );
    const rule = (columns: { category: 'consent_form' | 'brief'; business_days: number | null }) =>
      fixture.db('paperwork_rules').insert({ ...columns, specialist_id: fixture.specialistOf(7001) });

    it('are needed from a week before they are due until they are there', async () => {
      const dueOn = '2026-11-26';
      expect(await dueOf(new Date('2026-11-18T23:00:00+11:00'))).to.deep.equal([]);
      expect(await dueOf(new Date('2026-11-19T01:00:00+11:00'))).to.deep.equal([
        { kind: 'consent_form', dueOn, isNew: false },
        { kind: 'brief', dueOn, isNew: false },
      ]);
      await open(fixture.people.rita);
      await put('consent_form');
      await put('brief', { status: 'infected', scanned_at: new Date() });
      expect(await kinds(fixture.people.rita)).to.deep.equal(['brief']);
      await put('brief');
      expect(await kinds(fixture.people.rita)).to.deep.equal([]);
    });

    it('are no longer needed once the examination has begun or does not take place', async () => {
      expect(await kinds(fixture.people.rita, { now: tuesdayAtTen })).to.deep.equal([]);
      await progressTo('cancelled', fixture.people.rita);
      expect(await kinds(fixture.people.rita)).to.deep.equal([]);
    });

    it('follow the specialist’s own rules before those for all', async () => {
      await rule({ category: 'consent_form', business_days: null });
      await rule({ category: 'brief', business_days: 10 });
      await fixture.db('bookings').update({ time_chosen_at: new Date('2026-11-02T09:00:00+11:00') });
      expect(await dueOf(new Date('2026-11-12T09:00:00+11:00'))).to.deep.equal([
        { kind: 'brief', dueOn: '2026-11-17', isNew: false },
      ]);
      await fixture
        .db('paperwork_rules')
        .where({ specialist_id: fixture.specialistOf(7001) })
        .delete();
      await fixture.db('paperwork_rules').delete();
      expect(await dueOf(friday)).to.deep.equal([]);
    });
  });

  it('lists what is late first, then news, then what is due', async () => {
    const another = async (startsAt: string) => {
      const id = randomUUID();
      await fixture.owner.raw(
        `insert into bookings (id, reference, acuity_appointment_id, specialist_id, organization_id, created_by_id,
           examinee_first_name, examinee_last_name, examinee_phone, starts_at, duration_minutes, timezone, type, source)
         select ?, ?, ?, specialist_id, organization_id, created_by_id, '', 'Other', '', ?, 60, timezone, type, source
         from bookings where id = ?`,
        [
          id,
          `EX-${startsAt.slice(8, 10).padEnd(6, '2')}`.replaceAll('1', '3').replaceAll('0', '3'),
          Number(startsAt.slice(5, 10).replace('-', '')),
          startsAt,
          bookingId,
        ],
      );
      return id;
    };
    const later = await another('2026-12-08T10:00:00+11:00');
    const news = await another('2026-12-29T10:00:00+11:00');
    await fixture.db('booking_news').insert({
      booking_id: news,
      kind: 'report_ready',
      at: friday,
      organization_id: fixture.people.rita.viewer.organization?.id,
    });
    await fixture.db('documents').insert({
      ...(await fixture
        .db('documents')
        .where({ id: await put('report') })
        .first()),
      id: randomUUID(),
      booking_id: news,
      s3_key: 'documents/news',
      released_at: friday,
      releases: 1,
    });
    const found = await needs.list(fixture.people.rita.viewer, friday, { whose: 'mine', limit: 10 });
    expect(found.bookings.map(({ booking }) => booking.id)).to.deep.equal([bookingId, news, later]);
    expect(found.counts).to.deep.equal({ mine: 3, all: 3 });
    const first = await needs.list(fixture.people.rita.viewer, friday, { whose: 'mine', limit: 1 });
    expect(first.bookings.map(({ booking }) => booking.id)).to.deep.equal([bookingId]);
    expect(first.counts).to.deep.equal({ mine: 3, all: 3 });
    const moment = { now: friday, today: '2026-11-27' };
    const beside = await readListFacts(fixture.statements, fixture.people.rita.viewer, moment, [
      news,
      randomUUID(),
    ]);
    expect(beside.counts.needs_you).to.equal(3);
    expect([...beside.needs].map(([id, all]) => [id, all.map(({ kind }) => kind)])).to.deep.equal([
      [news, ['report_ready']],
    ]);
    const tab = (await selectBookings(fixture.db).modify(
      onlyNeeding,
      fixture.people.rita.viewer,
      friday,
    )) as { id: string }[];
    expect(tab.map(({ id }) => id)).to.have.members([bookingId, news, later]);
  });

  it('is counted up to a hundred bookings', async () => {
    for (let at = 0; at < mostCounted; at += 1)
      await aBookingOf(fixture.db, 'rita', { starts_at: new Date(tuesdayAtTen.getTime() + at * 60_000) });
    const { rita, rob } = fixture.people;
    expect(await counts(rita)).to.deep.equal({ mine: mostCounted, all: mostCounted });
    expect(await counts(rob)).to.deep.equal({ mine: 0, all: mostCounted });
  });

  it('counts business days as a calendar does', async () => {
    const isWeekend = (day: string) => [0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay());
    const counted = (day: string, days: number): string => {
      let found = day;
      for (let left = days; left > 0; ) {
        found = shiftDays(found, -1);
        if (!isWeekend(found)) left -= 1;
      }
      return found;
    };
    await assertAlways(
      'bookings/business-days',
      fc.asyncProperty(
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: 0, max: 60 }),
        async (at, days) => {
          const day = shiftDays('2024-01-01', at);
          const { rows } = await fixture.db.raw<{ rows: [{ day: string }] }>(
            'select business_days_before(?, ?) as day',
            [day, days],
          );
          expect(rows[0].day).to.equal(counted(day, days));
        },
      ),
    );
  });

  it('asks for no document before the business day after that on which the time was chosen', async () => {
    const dueOn = async (exam: string, days: number, chosen: string | null) => {
      const { rows } = await fixture.db.raw<{ rows: [{ day: string }] }>(
        'select paper_due_on(?, ?, ?) as day',
        [exam, days, chosen],
      );
      return rows[0].day;
    };
    const [wednesday, nextFriday] = ['2026-12-02', '2026-12-11'];
    expect(await dueOn(nextFriday, 3, '2026-12-01')).to.equal('2026-12-08');
    expect(await dueOn(nextFriday, 3, '2026-12-09')).to.equal('2026-12-10');
    expect(await dueOn(nextFriday, 3, null)).to.equal('2026-12-08');
    expect(await dueOn(wednesday, 3, '2026-11-30')).to.equal('2026-12-01');
    for (const weekend of ['2026-11-27', '2026-11-28', '2026-11-29'])
      expect(await dueOn(wednesday, 10, weekend)).to.equal('2026-11-30');
    for (const late of [wednesday, '2026-12-03']) expect(await dueOn(wednesday, 3, late)).to.equal(wednesday);
    expect(await dueOn(wednesday, 0, '2026-11-30')).to.equal(wednesday);
  });
});
