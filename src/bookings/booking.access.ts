// Decides who may see a booking: one rule, for a single booking and for queries.
import type { Knex } from 'knex';
import {
  affiliationOf,
  auditActor,
  everyRuleHolds,
  isStaff,
  type AccessRule,
  type Actor,
  type Viewer,
} from '../accounts/index.ts';
import { isUuid } from '../lib/uuid.ts';
import type { BookingDeps } from './booking.deps.ts';
import { findBooking } from './booking.repository.ts';
import type { Booking } from './booking.ts';

type Owned = Pick<Booking, 'organization'> & Partial<Pick<Booking, 'createdBy'>>;

/** For whoever none of these rules admits, the booking does not exist. */
export const seeBookingRules: readonly AccessRule<Owned>[] = [
  {
    rule: 'Staff see every booking; a referrer those of the own organisation',
    // The organisation they belong to today: a person who changed organisations may now work for the other side.
    holds: (viewer, { organization }) =>
      isStaff(viewer) || (viewer.organization !== null && organization?.id === viewer.organization.id),
    finding: ownershipOf,
  },
];

export function maySee(viewer: Viewer, booking: Owned): boolean {
  return everyRuleHolds(seeBookingRules, viewer, booking);
}

function ownershipOf(viewer: Viewer, booking: Owned): string {
  if (viewer.role !== 'referrer') return `${viewer.name} is staff`;
  if (!booking.organization) return 'The booking waits to be assigned: until then only staff see it';
  const hasLeft = booking.createdBy?.id === viewer.userId && !maySee(viewer, booking);
  const note = hasLeft ? '. Having made it grants no access after a change of organisation' : '';
  return `${viewer.name} ${affiliationOf(viewer)}; the booking is of ${booking.organization.name}${note}`;
}

/** The same rule for a query: `modify(onlyVisible, viewer, 'b.organization_id')`. */
export function onlyVisible(
  rows: Knex.QueryBuilder,
  viewer: Pick<Viewer, 'role' | 'organization'>,
  organizationColumn: string,
): void {
  if (isStaff(viewer)) return;
  if (viewer.organization) void rows.where(organizationColumn, viewer.organization.id);
  else void rows.whereRaw('false');
}

/** The same rule in a prepared statement, with `visibleValues` as its parameters. @param first the number of the first */
export const visibleSql = (alias: string, first: number): string =>
  `($${first}::boolean or ${alias}.organization_id = $${first + 1}::uuid)`;

export const visibleValues = (viewer: Pick<Viewer, 'role' | 'organization'>): [boolean, string | null] => [
  isStaff(viewer),
  viewer.organization?.id ?? null,
];

/** Only a referrer, or an admin acting as one, may book: a booking belongs to an organisation. */
export function mayBook(viewer: Viewer): boolean {
  return viewer.role === 'referrer' && viewer.organization !== null;
}

/** Null when the booking is unknown or not visible to the viewer. Only the audit log tells the two apart. */
export async function findVisible(
  deps: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  bookingId: string,
): Promise<Booking | null> {
  const booking = isUuid(bookingId) ? await findBooking(deps.db, bookingId) : null;
  return booking && (await mayShow(deps, actor, booking)) ? booking : null;
}

/** Whether the actor may see the booking; if not, records that it was denied. */
export async function mayShow(
  deps: Pick<BookingDeps, 'db' | 'audit'>,
  actor: Actor,
  booking: Booking,
): Promise<boolean> {
  if (maySee(actor.viewer, booking)) return true;
  await deps.audit.record(deps.db, auditActor(actor), {
    action: 'access.denied',
    resourceType: 'booking',
    resourceId: booking.id,
    outcome: 'denied',
  });
  return false;
}
