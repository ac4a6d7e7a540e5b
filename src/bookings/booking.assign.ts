// A booking made in Acuity whose referrer is not known yet gets one, and that referrer is told how it stands.
import type { Actor } from '../accounts/index.ts';
import type { Transaction } from '../db/knex.ts';
import { failure, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import { stateToTell } from './booking.announcement.ts';
import type { BookingDeps } from './booking.deps.ts';
import { editAtVersion, type EditDeps } from './booking.edit.ts';
import type { Booking, EditFailure } from './booking.ts';

/**
 * To a referrer, and so to their organisation. Support assigns what waits for it; an admin may also correct it. Nothing is
 * told to the referrer before: they may be of another organisation.
 */
export async function assignBooking(
  deps: EditDeps & Pick<BookingDeps, 'clock'>,
  actor: Actor,
  bookingId: string,
  version: number,
  referrerId: string,
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
      // The admin assisted the referrer before.
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
        // Somebody who gets a booking back is told again: it may have changed meanwhile.
        occasion: `assigned:${bookingId}:${version + 1}`,
      },
    };
  });
}

function wrong(message: string) {
  return failure<Extract<EditFailure, { reason: 'invalid' }>>({
    reason: 'invalid',
    errors: [{ path: 'referrerId', message }],
  });
}

async function activeReferrer(
  trx: Transaction,
  id: string,
): Promise<{ id: string; organizationId: string } | undefined> {
  if (!isUuid(id)) return undefined;
  return (await trx('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.id': id, 'u.role': 'referrer', 'u.banned': false })
    .first({ id: 'u.id', organizationId: 'm.organization_id' })) as
    | { id: string; organizationId: string }
    | undefined;
}
