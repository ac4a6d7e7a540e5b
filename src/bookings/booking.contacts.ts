// Reads and changes a booking's contacts.
import { activeMembers, attribution, auditActor, type Actor, type Member } from '../accounts/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { findVisible, maySee } from './booking.access.ts';
import {
  contactsOf,
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactsFailure,
} from './booking.contact.ts';
import type { BookingDeps } from './booking.deps.ts';
import { lockBooking } from './booking.repository.ts';
import { isPlanned, type Booking } from './booking.ts';

type Deps = Pick<BookingDeps, 'db' | 'audit' | 'ids' | 'announce'>;

/** Null when the booking is unknown or not visible to the viewer. */
export async function findContacts(
  deps: Deps,
  actor: Actor,
  bookingId: string,
): Promise<BookingContacts | null> {
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return null;
  return {
    booking,
    contacts: await contactsOf(deps.db, booking.id),
    candidates: await candidatesOf(deps.db, booking),
  };
}

/**
 * Replaces the booking's contacts. A new solicitor gets the confirmation if the examination is still to come.
 * @param seen as for `BookingService.setContacts`
 */
export async function setContacts(
  deps: Deps,
  actor: Actor,
  bookingId: string,
  chosen: readonly ContactChoice[],
  seen: readonly ContactChoice[] | null,
): Promise<Result<Contact[], ContactsFailure>> {
  const visible = await findVisible(deps, actor, bookingId);
  if (!visible) return failure({ reason: 'not_found' });
  return deps.db.transaction(async (trx): Promise<Result<Contact[], ContactsFailure>> => {
    await blockMerges(trx);
    const booking = await lockBooking(trx, visible.id);
    if (!booking || !maySee(actor.viewer, booking)) return failure({ reason: 'not_found' });
    const candidates = new Set((await candidatesOf(trx, booking)).map(({ id }) => id));
    const errors = chosen.flatMap(({ userId }, index) =>
      candidates.has(userId)
        ? []
        : [
            {
              path: `contacts.${index}.userId`,
              message: 'Choose an active colleague of the booking’s organisation',
            },
          ],
    );
    if (errors.length > 0) return failure({ reason: 'invalid', errors });
    await write(deps, trx, actor, booking, chosen, seen);
    return ok(await contactsOf(trx, booking.id));
  });
}

async function candidatesOf(db: Queryable, { organization, createdBy }: Booking): Promise<Member[]> {
  if (!organization) return [];
  const members = await activeMembers(db, organization.id);
  return members.filter(({ id }) => id !== createdBy?.id);
}

async function write(
  { audit, ids, announce }: Deps,
  trx: Transaction,
  actor: Actor,
  booking: Booking,
  chosen: readonly ContactChoice[],
  seen: readonly ContactChoice[] | null,
): Promise<void> {
  const before = await trx('booking_contacts')
    .where({ booking_id: booking.id })
    // Follows merges as `contactsOf` does; otherwise saving an unchanged list would replace somebody who was merged.
    .select('id', { userId: trx.raw('merged_into(user_id)') }, 'role');
  const isSame = (a: ContactChoice) => (b: ContactChoice) => a.userId === b.userId && a.role === b.role;
  const added = chosen.filter(
    (one, index) =>
      !before.some(isSame(one)) && !seen?.some(isSame(one)) && chosen.findIndex(isSame(one)) === index,
  );
  const removed = before.filter(
    (one) => !chosen.some(isSame(one)) && (seen === null || seen.some(isSame(one))),
  );
  if (added.length === 0 && removed.length === 0) return;
  await trx('booking_contacts')
    .whereIn(
      'id',
      removed.map(({ id }) => id),
    )
    .delete();
  const { byId, forId } = attribution(actor.viewer);
  for (const { userId, role } of added) {
    await trx('booking_contacts').insert({
      id: ids.uuid(),
      booking_id: booking.id,
      user_id: userId,
      role,
      created_by_id: byId,
      created_for_id: forId,
    });
  }
  await audit.record(trx, auditActor(actor), {
    action: 'booking.edited',
    resourceType: 'booking',
    resourceId: booking.id,
    metadata: { change: 'contacts', added, removed: removed.map(({ userId, role }) => ({ userId, role })) },
  });
  const solicitors = added.filter(({ role }) => role === 'solicitor').map(({ userId }) => userId);
  if (solicitors.length > 0 && isPlanned(booking)) {
    await announce(trx, {
      kind: 'booking_confirmation',
      bookingId: booking.id,
      recipientIds: solicitors,
      exceptId: actor.viewer.userId,
    });
  }
}
