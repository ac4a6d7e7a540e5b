// What booking_paperwork stores is what the rule says, whatever happened to bookings, documents and rules, one after the
// other or at once.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  countLatePaperwork,
  dueWithin,
  neededPapers,
  readPaperworkReport,
  stillToCome,
} from '../../src/bookings/index.ts';
import type { Database, Transaction } from '../../src/db/knex.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { openSeededDatabase, type TestDatabase } from '../support/database.ts';
import { insertDocumentRow } from '../support/document-row.ts';
import { assertAlways } from '../support/random.ts';
import { untilBlocked } from '../support/locks.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const hours = fc.integer({ min: -28 * 24, max: 20 * 24 });
const which = fc.nat(4);
const category = fc.constantFrom('consent_form', 'brief', 'brief', 'report');

/** What may happen; each in a transaction of its own. */
const happenings = {
  book: fc.record({
    at: hours,
    chosen: fc.option(hours),
    zone: fc.constantFrom('Australia/Sydney', 'America/Los_Angeles', 'Pacific/Chatham'),
    isAssigned: fc.boolean(),
  }),
  move: fc.record({ which, at: hours, chosen: fc.option(hours) }),
  reassign: fc.record({
    which,
    to: fc.constantFrom('rita', 'nobody'),
    calendar: fc.constantFrom(7001, 7002),
  }),
  progress: fc.record({
    which,
    to: fc.constantFrom(
      { status: 'active', current_progress: 'scheduled' } as const,
      { status: 'active', current_progress: 'rescheduled' } as const,
      { status: 'active', current_progress: 'no_show' } as const,
      { status: 'cancelled', current_progress: 'cancelled' } as const,
      { status: 'closed', current_progress: 'payment_received' } as const,
    ),
  }),
  put: fc.record({ which, category, at: hours }),
  change: fc.record({
    which: fc.nat(6),
    to: fc.oneof(
      fc.constantFrom('clean', 'infected', 'damaged', 'sound', 'deleted', 'restored'),
      fc.record({ category }),
      fc.record({ of: which }),
    ),
  }),
  remove: fc.record({ which: fc.nat(6) }),
  rule: fc.record({
    calendar: fc.constantFrom(null, 7001, 7002),
    category: fc.constantFrom('consent_form', 'brief'),
    days: fc.constantFrom(null, 0, 1, 3, 10, 'no rule' as const),
  }),
};
type Happening = {
  [Kind in keyof typeof happenings]: { kind: Kind } & (typeof happenings)[Kind] extends fc.Arbitrary<
    infer Facts
  >
    ? { kind: Kind; facts: Facts }
    : never;
}[keyof typeof happenings];

const happening = fc.oneof(
  ...Object.entries(happenings).map(([kind, facts]) => fc.record({ kind: fc.constant(kind), facts })),
) as unknown as fc.Arbitrary<Happening>;
/** Those of one step happen at once. */
const histories = fc.array(fc.array(happening, { minLength: 1, maxLength: 3 }), {
  minLength: 2,
  maxLength: 7,
});

describe('the stored paperwork of bookings', () => {
  let database: TestDatabase;
  let db: Database;
  let now: number;
  let specialists: Map<number, string>;

  before(async () => {
    database = await openSeededDatabase();
    db = database.db;
    const rows = (await db('specialists').select('id', 'acuity_calendar_id')) as {
      id: string;
      acuity_calendar_id: number;
    }[];
    specialists = new Map(rows.map(({ id, acuity_calendar_id }) => [acuity_calendar_id, id]));
  });
  beforeEach(async () => {
    now = Date.now();
    await empty();
    await db('paperwork_rules').delete();
    await db('paperwork_rules').insert([
      { specialist_id: null, category: 'consent_form', business_days: 3 },
      { specialist_id: null, category: 'brief', business_days: 5 },
    ]);
  });
  after(() => database.close());

  it('is what the rules of today say after every history', async () => {
    await assertAlways(
      'bookings/paperwork',
      fc.asyncProperty(histories, async (history) => {
        await empty();
        for (let at = 0; at < 3; at += 1) await aBookingOf(db, 'rita', { starts_at: hour(at * 60 - 40) });
        for (const step of history) await Promise.all(step.map(happen));
        for (const days of [-5, 0, 3]) await expectAgreement(new Date(now + days * dayMs));
      }),
      { numRuns: 12 },
    );
  });

  it('knows a document that was committed while the booking was moved, and the other way round', async () => {
    const bookingId = await aBookingOf(db, 'rita', { starts_at: hour(30) });
    const { id: uploaded_by_id } = await personOf(db, 'rita');
    const first = await db.transaction();
    await insertDocumentRow(first, { booking_id: bookingId, category: 'brief', uploaded_by_id });
    await insertDocumentRow(first, { booking_id: bookingId, category: 'consent_form', uploaded_by_id });
    // Stores what it knows, and keeps the row until it commits.
    await first.raw('set constraints all immediate');
    // A query begins when somebody waits for it.
    const moved = Promise.resolve(move(db, bookingId, hour(40)));
    await untilBlocked(database.owner, moved);
    await first.commit();
    await moved;
    expect(await countLatePaperwork(db, new Date(now))).to.equal(0);
    await expectAgreement(new Date(now));
  });

  it('knows a rule that was committed while a booking was made', async () => {
    const first = await db.transaction();
    await aBookingOf(first, 'rita', { starts_at: hour(26 * 24) });
    await first.raw('set constraints all immediate');
    const changed = Promise.resolve(db('paperwork_rules').update({ business_days: 30 }));
    await untilBlocked(database.owner, changed);
    await first.commit();
    await changed;
    expect(await countLatePaperwork(db, new Date(now))).to.equal(1);
  });

  it('follows a changed rule page by page, and goes on where a worker died', async () => {
    await makeBookings(1_200);
    await db('paperwork_rules').where({ category: 'brief' }).update({ business_days: 30 });
    expect((await readPaperworkReport(db, new Date(now))).isRefreshing).to.equal(true);
    // One page was done with the change. A worker does the next, and dies in the middle of the third.
    expect([await lateByNewRule(), await continueRefresh(db)]).to.deep.equal([500, true]);
    const dying = await db.transaction();
    expect(await continueRefresh(dying)).to.equal(false);
    await dying.rollback();
    expect(await lateByNewRule()).to.equal(1_000);
    while (await continueRefresh(db));
    expect(await lateByNewRule()).to.equal(1_200);
    expect((await readPaperworkReport(db, new Date(now))).isRefreshing).to.equal(false);
  });

  it('starts again when the rule changes again before every booking follows it', async () => {
    await makeBookings(1_200);
    await db('paperwork_rules').where({ category: 'brief' }).update({ business_days: 30 });
    await continueRefresh(db);
    await db('paperwork_rules').where({ category: 'brief' }).update({ business_days: 0 });
    expect(await lateByNewRule()).to.equal(500);
    while (await continueRefresh(db));
    expect(await lateByNewRule()).to.equal(0);
  });

  it('lists the next twenty that are late, and says how many there are', async () => {
    for (let at = 0; at < 23; at += 1) await aBookingOf(db, 'rita', { starts_at: hour(30 + at / 10) });
    const { late, lateCount } = await readPaperworkReport(db, new Date(now));
    expect([late.length, lateCount]).to.deep.equal([20, 23]);
    expect(late.map(({ startsAt }) => startsAt.getTime())).to.deep.equal(
      Array.from({ length: 20 }, (_, at) => hour(30 + at / 10).getTime()),
    );
  });

  /** From the twentieth day on, a second apart: only of a rule of many days is a document late. */
  async function makeBookings(count: number): Promise<void> {
    const id = await aBookingOf(db, 'rita', { starts_at: hour(20 * 24) });
    await database.owner.raw(
      `insert into bookings (id, reference, acuity_appointment_id, starts_at, specialist_id, organization_id, created_by_id,
         examinee_first_name, examinee_last_name, examinee_phone, duration_minutes, timezone, type, location, source, notes)
       select gen_random_uuid(), 'EX-' || translate((100000 + n)::text, '01', 'AB'), 9000000 + n, starts_at + n * interval '1 second',
         specialist_id, organization_id, created_by_id, examinee_first_name, examinee_last_name, examinee_phone,
         duration_minutes, timezone, type, location, source, notes
       from bookings, generate_series(1, ?::int - 1) n where id = ?`,
      [count, id],
    );
  }

  async function continueRefresh(by: Database | Transaction): Promise<boolean> {
    const { rows } = await by.raw<{ rows: [{ more: boolean }] }>(
      'select continue_paperwork_refresh(500) as more',
    );
    return rows[0].more;
  }

  /** However many: the report counts up to a thousand. */
  async function lateByNewRule(): Promise<number> {
    return (await db('booking_paperwork').where('late_at', '<=', hour(0)).pluck('booking_id')).length;
  }

  const empty = () => database.owner.raw('delete from documents; delete from bookings');
  const hour = (at: number) => new Date(now + at * hourMs);
  const timeOf = ({ at, chosen }: { at: number; chosen: number | null }) => ({
    starts_at: hour(at),
    time_chosen_at: chosen === null ? null : hour(chosen),
  });
  const move = (to: Database | Transaction, id: string, starts_at: Date) =>
    to('bookings').where({ id }).update({ starts_at });

  async function happen({ kind, facts }: Happening): Promise<void> {
    await db.transaction(async (trx) => {
      if (kind === 'book') {
        const columns = { ...timeOf(facts), timezone: facts.zone };
        return void (await aBookingOf(trx, facts.isAssigned ? 'rita' : null, columns));
      }
      if (kind === 'rule') return setRule(trx, facts);
      if (kind === 'change' || kind === 'remove') {
        const id = await idOf(trx, 'documents', facts.which);
        if (kind === 'remove') return void (await database.owner('documents').where({ id }).delete());
        return void (await trx('documents')
          .where({ id })
          .update(await changesOf(trx, facts.to)));
      }
      const id = await idOf(trx, 'bookings', facts.which);
      if (kind === 'move') await trx('bookings').where({ id }).update(timeOf(facts));
      if (kind === 'put') {
        const { id: uploaded_by_id } = await personOf(trx, 'rita');
        const { category: of, at } = facts;
        await insertDocumentRow(trx, { booking_id: id, category: of, created_at: hour(at), uploaded_by_id });
      }
      if (kind === 'progress') await trx('bookings').where({ id }).update(facts.to);
      if (kind === 'reassign') {
        const to = facts.to === 'nobody' ? null : await personOf(trx, facts.to);
        await trx('bookings')
          .where({ id })
          .update({
            source: to ? 'portal' : 'acuity_direct',
            created_by_id: to?.id ?? null,
            organization_id: to?.organizationId ?? null,
            specialist_id: specialists.get(facts.calendar),
          });
      }
    });
  }

  async function setRule(
    trx: Transaction,
    { calendar, category: of, days }: Extract<Happening, { kind: 'rule' }>['facts'],
  ): Promise<void> {
    const own = { specialist_id: calendar === null ? null : specialists.get(calendar), category: of };
    if (days === 'no rule' || (days === null && calendar === null))
      await trx('paperwork_rules').where(own).delete();
    else
      await trx('paperwork_rules')
        .insert({ ...own, business_days: days })
        .onConflict(['specialist_id', 'category'])
        .merge(['business_days']);
  }

  async function changesOf(
    trx: Transaction,
    to: string | { category: string } | { of: number },
  ): Promise<Record<string, unknown>> {
    if (typeof to === 'object')
      return 'of' in to ? { booking_id: await idOf(trx, 'bookings', to.of) } : { category: to.category };
    if (to === 'clean' || to === 'infected') return { status: to, scanned_at: new Date() };
    if (to === 'damaged' || to === 'sound') return { damaged_at: to === 'damaged' ? new Date() : null };
    return { deleted_at: to === 'deleted' ? new Date() : null };
  }

  /** Of this row, or of none when there are not so many. */
  async function idOf(trx: Transaction, table: 'bookings' | 'documents', at: number): Promise<string> {
    const ids = await trx(table).orderBy('id').pluck('id');
    return ids[at % Math.max(1, ids.length)] ?? '00000000-0000-7000-8000-000000000000';
  }

  /** The report and the rule, which reads every booking and document. */
  async function expectAgreement(at: Date): Promise<void> {
    const { late, lateCount, share } = await readPaperworkReport(db, at);
    const { rows: lateByRule } = await db.raw<{ rows: { id: string }[] }>(
      `with asked as (select ?::timestamptz as now)
       select p.booking_id as id from asked cross join lateral (${neededPapers(
         `${stillToCome('asked.now')} and ${dueWithin(0, 'asked.now')} and b.organization_id is not null`,
         'b.timezone, b.starts_at',
       )}) p
       where not p.is_there and p.due_on < (asked.now at time zone p.timezone)::date
       group by p.booking_id, p.starts_at order by p.starts_at, p.booking_id`,
      [at],
    );
    const { rows: shareByRule } = await db.raw<{ rows: unknown[] }>(
      `with asked as (select ?::timestamptz as now), each_booking as (
         select bool_and(exists (
           select from documents d where d.booking_id = p.booking_id and d.category = p.category and d.deleted_at is null
             and (d.created_at at time zone p.timezone)::date <= p.due_on)) as in_time
         from asked cross join lateral (${neededPapers(
           `b.status <> 'cancelled' and b.organization_id is not null and b.starts_at <= asked.now
             and b.starts_at > asked.now - interval '30 days'`,
           'b.timezone',
         )}) p
         group by p.booking_id)
       select 30 as days, count(*)::int as needed, (count(*) filter (where in_time))::int as "inTime" from each_booking`,
      [at],
    );
    expect({ late: late.map(({ id }) => id), lateCount, share }).to.deep.equal({
      late: lateByRule.map(({ id }) => id),
      lateCount: lateByRule.length,
      share: shareByRule[0],
    });
    for (const { missing } of late) expect(missing).not.to.deep.equal([]);
  }
});
