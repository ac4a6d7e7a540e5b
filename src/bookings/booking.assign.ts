// Bookings made in Acuity whose referrer is unknown: finds them, and assigns a referrer, who is told the present state, or
// only the organisation.
import { isUnmerged, type Actor } from '../accounts/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { invalidField, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import { stateToTell } from './booking.announcement.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editAtVersion, type EditDeps } from './booking.edit.ts';
import type { Booking, EditFailure } from './booking.ts';

/**
 * Assigns a referrer and their organisation. Support may assign bookings that have none; an admin may also correct an
 * assignment. The earlier referrer is told nothing: they may belong to another organisation.
 */
export async function assignBooking(
  deps: EditDeps & Pick<BookingDeps, 'clock'>,
  actor: Actor,
  bookingId: string,
  version: number,
  referrerId: unknown,
): Promise<Result<Booking, EditFailure>> {
  return editAtVersion(deps, actor, bookingId, version, async (booking, trx) => {
    if (booking.status !== 'active' && booking.status !== 'cancelled') {
      return wrong('This booking is closed: it can no longer be assigned');
    }
    if (booking.status === 'cancelled' && booking.createdBy) {
      return wrong('This booking is cancelled: its referrer can no longer be changed');
    }
    const isAdmin = actor.viewer.role === 'admin';
    if (booking.createdBy && !isAdmin)
      return wrong('This booking has its referrer already: an admin can change it');
    const referrer = await activeReferrer(trx, referrerId);
    if (!referrer) return wrong('Choose a referrer who is active');
    if (booking.organization && booking.organization.id !== referrer.organizationId && !isAdmin) {
      return wrong(`Choose a referrer of ${booking.organization.name}: an admin can change the organisation`);
    }
    const changed: Record<string, unknown> = {};
    if (booking.organization?.id !== referrer.organizationId)
      changed.organization_id = referrer.organizationId;
    if (booking.createdBy?.id !== referrer.id) {
      changed.created_by_id = referrer.id;
      // The admin acted as the earlier referrer only.
      if (booking.createdFor) changed.created_for_id = null;
    }
    const kind = stateToTell(booking, deps.clock.now());
    return {
      changed,
      facts: { organizationId: referrer.organizationId, referrerId: referrer.id },
      announcement: kind && {
        kind,
        bookingId,
        recipientIds: [referrer.id],
        // A referrer who is assigned again is told again: the booking may have changed in between.
        occasion: `assigned:${bookingId}:${version + 1}`,
      },
    };
  });
}

/**
 * Assigns only the organisation, while nobody knows the referrer: its people see the booking and its documents from then
 * on, and nobody is told. A referrer is assigned later, by staff or because Acuity names one. Support may assign bookings
 * that have no organisation; an admin may also correct it.
 */
export async function assignOrganization(
  deps: EditDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  organizationId: unknown,
): Promise<Result<Booking, EditFailure>> {
  const refused = (message: string) => invalidField('organizationId', message);
  return editAtVersion(deps, actor, bookingId, version, async (booking, trx) => {
    if (booking.createdBy) return refused('This booking has its referrer already, and so the organisation');
    if (booking.status !== 'active' && booking.status !== 'cancelled')
      return refused('This booking is closed: it can no longer be assigned');
    if (booking.organization && actor.viewer.role !== 'admin')
      return refused('This booking has its organisation already: an admin can change it');
    if (!isUuid(organizationId) || !(await organizations(trx).where('o.id', organizationId).first('o.id')))
      return refused('Choose an organisation');
    return {
      changed: booking.organization?.id === organizationId ? {} : { organization_id: organizationId },
      facts: { organizationId },
    };
  });
}

/** The organisations that a booking can be assigned to, by name. */
export async function assignableOrganizations(db: Queryable): Promise<{ id: string; name: string }[]> {
  return await organizations(db).orderByRaw('lower(o.name), o.id').select('o.id', 'o.name');
}

/** All organisations, except those that were merged away. */
function organizations(db: Queryable) {
  return db('organizations as o').whereRaw(isUnmerged('o'));
}

const wrong = (message: string) => invalidField('referrerId', message);

async function activeReferrer(
  trx: Transaction,
  id: unknown,
): Promise<{ id: string; organizationId: string } | undefined> {
  if (!isUuid(id)) return undefined;
  return await trx('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.id': id, 'u.role': 'referrer', 'u.banned': false })
    .first({ id: 'u.id', organizationId: 'm.organization_id' });
}

/**
 * A SQL condition on this alias. A cancelled booking counts until its time: its referrer has not been told.
 * @param now an expression of SQL
 */
export function needsReferrer(alias: string, now: string): string {
  return `(${alias}.created_by_id is null and (${alias}.status = 'active'
    or (${alias}.status = 'cancelled' and ${alias}.starts_at > ${now})))`;
}

export async function countUnassigned(db: Queryable, now: Date): Promise<number> {
  const [row] = await db('bookings as b').whereRaw(needsReferrer('b', '?'), [now]).count({ n: '*' });
  return Number(row?.n ?? 0);
}

/** Keeps the digest for staff from naming this booking, which staff see in the console anyway. */
export async function markAsNotified(trx: Transaction, bookingId: string, digestId: string): Promise<void> {
  await trx('unassigned_notices').insert({ booking_id: bookingId, digest_id: digestId });
}
