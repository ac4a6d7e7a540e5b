// Reads for a screen: what a person opened lately, which the search suggests before anything is typed.
import { auditActor, type Actor } from '../accounts/index.ts';
import type { Statement, Statements } from '../db/statements.ts';
import { visibleSql, visibleValues } from './booking.access.ts';
import { bookingColumns, toBooking, type BookingRow } from './booking.repository.ts';
import type { Booking } from './booking.ts';

/** Bookings that the actor opened, in the same name as now, and may see today: the last one first. */
export type RecentBookings = (actor: Actor, limit: number) => Promise<Booking[]>;

/** How many of the person’s last entries in the audit log are read. */
const entriesRead = 300;

export function createRecentBookings({ statements }: { statements: Statements }): RecentBookings {
  return async (actor, limit) => {
    const { actorId, actingAsId } = auditActor(actor);
    const values = [actorId, actingAsId, ...visibleValues(actor.viewer), limit];
    return (await statements.rows<BookingRow>(recent, values)).map(toBooking);
  };
}

const recent: Statement = {
  name: 'bookings opened lately',
  text: `
    with last as (
      select action, acting_as_id, outcome, resource_id, id from audit_log
      where actor_id = $1 order by id desc limit ${entriesRead}),
    opened as (
      select resource_id::uuid as booking_id, max(id) as at from last
      where action = 'booking.viewed' and outcome = 'success' and acting_as_id is not distinct from $2::uuid
      group by resource_id)
    select ${bookingColumns.join(', ')}
    from opened
      join bookings b on b.id = opened.booking_id
      join specialists s on s.id = b.specialist_id
      left join organizations o on o.id = b.organization_id
      left join users cb on cb.id = b.created_by_id
      left join users cf on cf.id = b.created_for_id
    where ${visibleSql('b', 3)}
    order by opened.at desc limit $5`,
};
