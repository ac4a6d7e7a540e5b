// What tests of attempts to book share: one fixture a file, and for each test a time and an idempotency key of its own.
import { openBookingFixture, tuesdayAtTen, type BookingFixture } from './booking-fixture.ts';
import { createFakeAcuity, type FakeAcuity } from './fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from './faulty-acuity.ts';

const hourMs = 3_600_000;

/** Tables whose rows are counted before and after a test. */
const counted = ['bookings', 'booking_progress', 'booking_attempts', 'emails'] as const;
type Counted = (typeof counted)[number];

/** Opens the fixture for the tests of the `describe` that calls this, and prepares each of them. */
export function attemptsToBook() {
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let fixture: BookingFixture;
  let n = 0;
  let startsAt: Date;
  let rowsBefore: Record<Counted, number>;

  before(async () => {
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    fixture = await openBookingFixture(acuity);
  });
  after(() => fixture.close());
  beforeEach(async () => {
    n += 1;
    startsAt = new Date(tuesdayAtTen.getTime() + n * 24 * hourMs);
    fake.offer(7001, ...[0, 1, 2].map((hours) => hoursLater(hours).toISOString()));
    fake.offer(7003, startsAt.toISOString());
    fake.recover();
    fake.calls.length = 0;
    fake.appointments.clear();
    fixture.availability.taken.clear();
    fixture.availability.invalidated.length = 0;
    rowsBefore = await countRows();
  });

  const hoursLater = (hours: number) => new Date(startsAt.getTime() + hours * hourMs);
  const attempts = () => fixture.db('booking_attempts').where({ starts_at: startsAt });
  async function countRows(): Promise<Record<Counted, number>> {
    const { rows } = await fixture.db.raw<{ rows: [Record<Counted, number>] }>(
      `select ${counted.map((table) => `(select count(*)::int from ${table}) as "${table}"`).join(', ')}`,
    );
    return rows[0];
  }

  return {
    opened: () => ({ fake, acuity, fixture }),
    /** A time and an idempotency key that no other test uses. */
    ofThisTest: () => ({ startsAt, key: `key of test ${n}` }),
    hoursLater,
    requestFor: (change?: Parameters<BookingFixture['requestFor']>[0]) =>
      fixture.requestFor({ startsAt, ...change }),
    /** The appointments in Acuity that are not cancelled. */
    active: () => [...fake.appointments.values()].filter((appointment) => !appointment.canceled),
    /** How many rows this test has added, whatever they belong to. */
    added: async (table: Counted) => (await countRows())[table] - rowsBefore[table],
    attempts,
    attemptId: async () => {
      const [id] = await attempts().pluck('id');
      if (!id) throw new Error('No attempt was stored');
      return id;
    },
    jobsOf: async (task: string) =>
      Number(
        (await fixture.db('graphile_worker.jobs').where({ task_identifier: task }).count('* as n'))[0]?.n,
      ),
  };
}
