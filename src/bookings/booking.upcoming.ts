// Reads for a screen: the examinations ahead, as home shows them.
import { isStaff, type Viewer } from '../accounts/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { isMine } from './booking.needs.ts';
import type { Whose } from './booking.needs-list.ts';
import { bookingColumns, namedBookings, toBooking, type BookingRow } from './booking.repository.ts';
import type { Booking } from './booking.ts';

/** Earliest first, from those that are taking place now. Staff see all, whatever `whose`. */
export type UpcomingBookings = (
  viewer: Pick<Viewer, 'userId' | 'role' | 'organization'>,
  now: Date,
  choice: { whose: Whose; limit: number },
) => Promise<Booking[]>;

export function createUpcomingBookings({ statements }: { statements: Statements }): UpcomingBookings {
  return async (viewer, now, { whose, limit }) => {
    if (isStaff(viewer)) return read(statements, ofEverybody, [now, limit]);
    if (!viewer.organization) return [];
    const organizationId = viewer.organization.id;
    return whose === 'all'
      ? read(statements, ofOrganization, [now, limit, organizationId])
      : read(statements, ofPerson, [now, limit, organizationId, viewer.userId]);
  };
}

async function read(statements: Statements, statement: Statement, values: unknown[]): Promise<Booking[]> {
  return (await statements.rows<BookingRow>(statement, values)).map(toBooking);
}

// Subqueries, so that one plan serves all values (src/db/statements.ts).
const given = {
  now: '(select $1::timestamptz)',
  organizationId: '(select $3::uuid)',
  userId: '(select $4::uuid)',
};

/**
 * The ids are chosen before names are joined to them: they are an array, so that the planner expects few. The first
 * condition on the time is for the index: no examination takes longer than a day.
 */
const upcoming = (name: string, where: string): Statement => ({
  name: `upcoming bookings ${name}`,
  text: `
    with chosen as materialized (
      select array(
        select b.id from bookings b
        where b.status = 'active' and b.starts_at > ${given.now} - interval '1 day'
          and b.starts_at + make_interval(mins => b.duration_minutes) > ${given.now} and ${where}
        order by b.starts_at, b.id limit (select $2::integer)) as ids)
    select ${bookingColumns.join(', ')}
    from ${namedBookings}
    where b.id = any((select ids from chosen)::uuid[])
    order by b.starts_at, b.id`,
});

const ofEverybody = upcoming('of everybody', 'true');
const inOrganization = `b.organization_id = ${given.organizationId}`;
const ofOrganization = upcoming('of an organisation', inOrganization);
const ofPerson = upcoming('of a person', `${inOrganization} and ${isMine(given.userId)}`);
