import { expect } from 'chai';
import {
  createBookingList,
  type Booking,
  type BookingListPage,
  type BookingListQuery,
} from '../../src/bookings/index.ts';
import { auditLog } from '../../src/audit/index.ts';
import type { Statement, Statements } from '../../src/db/statements.ts';
import type { Actor } from '../../src/accounts/index.ts';
import { openBookingFixture, testClock, valueOf, type BookingFixture } from '../support/booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';

describe('booking list', () => {
  let fixture: BookingFixture;
  let fake: FakeAcuity;
  const made: Booking[] = [];

  before(async () => {
    fake = createFakeAcuity();
    fixture = await openBookingFixture(fake);
    const { rita, nadia } = fixture.people;
    await book(rita, 7001, '2026-12-01T10:00:00+11:00', 'Ewan', 'Marsh', 'CL-2207');
    await book(rita, 7001, '2026-12-01T23:30:00+11:00', 'Noor', '100%_sure', 'CL_UU');
    await book(rita, 7003, '2026-12-01T23:30:00+11:00', 'Zoë', 'Nguyễn', null);
    await book(nadia, 7006, '2026-12-02T09:00:00+13:00', 'Ewan', 'Other', 'NS-1');
    await book(rita, 7005, '2026-12-03T09:00:00+10:30', 'Una', 'Berg', 'CL-1');
  });
  after(() => fixture.close());

  async function book(
    actor: Actor,
    calendarId: number,
    at: string,
    firstName: string,
    lastName: string,
    claimNumber: string | null,
  ) {
    fake.offer(calendarId, at);
    const request = fixture.requestFor({
      specialistId: fixture.specialistOf(calendarId),
      startsAt: new Date(at),
      claimNumber,
    });
    made.push(
      valueOf(
        await fixture.attempts.book(
          actor,
          { ...request, examinee: { ...request.examinee, firstName, lastName } },
          null,
        ),
      ),
    );
  }
  async function page(
    query: Partial<BookingListQuery>,
    actor = fixture.people.rita,
  ): Promise<BookingListPage> {
    const found = await fixture.list.page(actor.viewer, { limit: 20, ...query });
    if (found === 'bad_cursor') throw new Error('bad cursor');
    return found;
  }
  const names = async (query: Partial<BookingListQuery>, actor?: Actor) =>
    (await page(query, actor)).bookings.map((booking) => booking.examinee.firstName);

  it('shows a referrer the organisation’s bookings, newest first, and staff all of them', async () => {
    expect(await names({})).to.deep.equal(['Una', 'Zoë', 'Noor', 'Ewan']);
    expect(await names({}, fixture.people.rob)).to.have.length(4);
    expect(await names({}, fixture.people.nadia)).to.deep.equal(['Ewan']);
    expect(await names({}, fixture.people.sam)).to.have.length(5);
  });

  it('finds words in any order and case, and treats % and _ as blanks', async () => {
    expect(await names({ q: 'MARSH ewan' })).to.deep.equal(['Ewan']);
    expect(await names({ q: 'cl-2207' })).to.deep.equal(['Ewan']);
    expect(await names({ q: 'NGUYỄN' })).to.deep.equal(['Zoë']);
    expect(await names({ q: '100%_' })).to.deep.equal(['Noor']);
    expect(await names({ q: 'cl_uu' })).to.deep.equal(['Noor']);
    for (const q of ['%', '_', '!']) expect(await names({ q })).to.deep.equal([]);
    expect(await names({ q: made[0]?.reference ?? '' })).to.deep.equal(['Ewan']);
    expect(await names({ q: 'i\0o \\' })).to.deep.equal([]);
  });

  it('reads one row more than the page shows, and no other', async () => {
    const counts: number[] = [];
    const counted: Statements = {
      ...fixture.statements,
      async rows<Row>(statement: Statement, values: unknown[]) {
        const rows = await fixture.statements.rows<Row>(statement, values);
        counts.push(rows.length);
        return rows;
      },
    };
    const list = createBookingList({
      db: fixture.db,
      statements: counted,
      clock: testClock,
      audit: auditLog,
    });
    for (const { viewer } of [fixture.people.rita, fixture.people.sam]) await list.page(viewer, { limit: 2 });
    expect(counts).to.deep.equal([3, 3]);
  });

  it('shows what is to come, soonest first, then what was, latest first, page by page', async () => {
    const noon = new Date('2026-12-02T00:00:00Z');
    const list = createBookingList({ ...fixture, audit: auditLog, clock: { now: () => noon } });
    const { viewer } = fixture.people.sam;
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const found = await list.page(viewer, { limit: 2, tab: 'all', cursor });
      if (found === 'bad_cursor') throw new Error('bad cursor');
      seen.push(...found.bookings.map(({ examinee }) => `${examinee.firstName} ${examinee.lastName}`));
      cursor = found.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).to.deep.equal(['Una Berg', 'Ewan Other', 'Zoë Nguyễn', 'Noor 100%_sure', 'Ewan Marsh']);
    const past = await list.page(viewer, { limit: 1, tab: 'past' });
    if (past === 'bad_cursor' || !past.nextCursor) throw new Error('There is no next page');
    expect(await list.page(viewer, { limit: 1, tab: 'all', cursor: past.nextCursor })).to.equal('bad_cursor');
  });

  it('reads the first page, its counts and its needs by one statement, as several would', async () => {
    const sent: string[] = [];
    const noted: Statements = {
      ...fixture.statements,
      rows(statement, values) {
        sent.push(statement.name);
        return fixture.statements.rows(statement, values);
      },
    };
    const noon = new Date('2026-12-02T00:00:00Z');
    const list = createBookingList({
      ...fixture,
      statements: noted,
      audit: auditLog,
      clock: { now: () => noon },
    });
    const today = '2026-12-02';
    for (const { viewer } of [fixture.people.rita, fixture.people.nadia, fixture.people.sam]) {
      sent.length = 0;
      const found = await list.pageWithFacts(viewer, { limit: 2, tab: 'all', today });
      expect(sent).to.have.length(1);
      if (found === 'bad_cursor') throw new Error('bad cursor');
      const { bookings, nextCursor, facts } = found;
      const paged = await list.page(viewer, { limit: 2, tab: 'all' });
      expect(paged).to.have.property('nextCursor', nextCursor);
      // A row has less than the booking, and the same of it.
      expect(paged).to.have.property('bookings').with.lengthOf(bookings.length);
      expect(paged).to.containSubset({ bookings });
      const ids = bookings.map(({ id }) => id);
      expect(facts).to.deep.equal(await list.facts(viewer, today, ids));
    }
    const nobodys = { ...fixture.people.rita.viewer, organization: null };
    const none = await list.pageWithFacts(nobodys, { limit: 2, tab: 'all', today });
    expect(none).to.deep.include({ bookings: [], nextCursor: null });
  });

  it('counts the bookings of each tab, no further than it shows', async () => {
    const list = createBookingList({
      ...fixture,
      audit: auditLog,
      clock: { now: () => new Date('2026-12-01T00:00:00Z') },
    });
    const counts = async (actor: Actor) => (await list.facts(actor.viewer, '2026-12-01', [])).counts;
    expect(await counts(fixture.people.rita)).to.include({ today: 3, upcoming: 3, past: 1 });
    expect(await counts(fixture.people.nadia)).to.include({ today: 0, upcoming: 1, past: 0 });
    expect(await counts(fixture.people.sam)).to.deep.equal({ today: 3, upcoming: 4, past: 1, needs_you: 0 });
  });

  it('reads from and to as days in the examination’s own zone', async () => {
    // 23:30 in Sydney is 20:30 of the same day in Perth: both are on the first.
    expect(await names({ from: '2026-12-01', to: '2026-12-01' })).to.deep.equal(['Zoë', 'Noor', 'Ewan']);
    expect(await names({ from: '2026-12-02', to: '2026-12-02' }, fixture.people.sam)).to.deep.equal(['Ewan']);
    expect(await names({ from: '2026-12-04' })).to.deep.equal([]);
  });

  it('filters by specialist, status and progress', async () => {
    expect(await names({ specialistId: fixture.specialistOf(7003) })).to.deep.equal(['Zoë']);
    expect(await names({ status: 'cancelled' })).to.deep.equal([]);
    expect(await names({ status: 'active', progress: 'scheduled' })).to.have.length(4);
  });

  it('neither loses nor repeats a booking across pages when times are equal', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { bookings, nextCursor } = await page({ limit: 1, ...(cursor && { cursor }) });
      seen.push(...bookings.map((booking) => booking.id));
      cursor = nextCursor ?? undefined;
    } while (cursor);
    expect(seen).to.have.length(4);
    expect(new Set(seen).size).to.equal(4);
  });

  it('refuses a cursor that it did not issue', async () => {
    const forged = [
      'x',
      '',
      Buffer.from('1').toString('base64url'),
      Buffer.from(`99999999999999999.${made[0]?.id}`).toString('base64url'),
      Buffer.from("1.' or 1=1").toString('base64url'),
    ];
    for (const cursor of forged) {
      expect(await fixture.list.page(fixture.people.rita.viewer, { limit: 5, cursor })).to.equal(
        'bad_cursor',
      );
    }
  });
});
