// Corrections that staff make to a booking. Time, specialist and cancellation are changed in Acuity instead.
import { auditActor, isStaff, type Actor } from '../accounts/index.ts';
import type { Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { failure, invalidField, ok, type Result } from '../lib/result.ts';
import { readEdit, type Sent } from '../lib/typed-edit.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Announcement } from './booking.announcement.ts';
import type { BookingDeps } from './booking.deps.ts';
import {
  allDetails,
  columnsOf,
  detailIn,
  details,
  lacksDetails,
  nameOf,
  nestDetails,
  type BookingDetails,
  type PartialDetails,
} from './booking.details.ts';
import { hasAName, needsAName } from './booking.input.ts';
import { findBooking, lockBooking } from './booking.repository.ts';
import type { Booking, EditFailure } from './booking.ts';

const detailSchemas = Object.fromEntries(details.map((detail) => [nameOf(detail), detail.schema]));

export type EditDeps = Pick<BookingDeps, 'db' | 'audit' | 'announce'>;

/** `version`: the version that the editor saw. */
export async function editBooking(
  deps: EditDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  sent: Sent,
): Promise<Result<Booking, EditFailure>> {
  return editAtVersion(deps, actor, bookingId, version, async (booking) => {
    const edit = readDetails(booking, sent);
    if (!edit.ok) return edit;
    const changed: Record<string, unknown> = columnsOf(edit.value);
    if (booking.detailsNeeded && isComplete(booking, edit.value)) changed.details_needed = false;
    return { changed, facts: {} };
  });
}

/** Checks only what was changed: a detail from Acuity whose spelling the form would refuse must not block the others. */
function readDetails(
  booking: BookingDetails,
  sent: Sent,
): Result<PartialDetails, Extract<EditFailure, { reason: 'invalid' }>> {
  const now = Object.fromEntries(details.map((detail) => [nameOf(detail), detailIn(booking, detail)]));
  const edit = readEdit<Record<string, unknown>>(detailSchemas, now, sent);
  if (!edit.ok) return edit;
  const given = nestDetails((detail) => edit.value[nameOf(detail)] as string | null | undefined);
  const isRenamed = details.some((detail) => detail.isName && detailIn(given, detail) !== undefined);
  if (!isRenamed || hasAName(withEdit(booking, given).examinee)) return ok(given);
  return invalidField(needsAName.path.join('.'), needsAName.message);
}

/**
 * Whether the mark "details needed" is removed. Saving the form, also unchanged, shows that somebody has looked at the
 * details; adding a note alone does not.
 */
function isComplete(booking: BookingDetails, edit: PartialDetails): boolean {
  const edited = details.filter((detail) => detailIn(edit, detail) !== undefined);
  const isOnlyANote = edited.length > 0 && edited.every(({ intake }) => intake === null);
  return !isOnlyANote && !lacksDetails(withEdit(booking, edit));
}

function withEdit(booking: BookingDetails, edit: PartialDetails): BookingDetails {
  return allDetails((detail) => {
    const value = detailIn(edit, detail);
    return value === undefined ? detailIn(booking, detail) : value;
  });
}

export interface Edit {
  /** Columns to write. */
  changed: Record<string, unknown>;
  /** Details of the audit row. */
  facts: Record<string, unknown>;
  announcement?: Announcement | null;
}
type Refused = { ok: false } & Extract<EditFailure, { reason: 'invalid' }>;

/** Locks the booking, compares its version, and writes the edit, its audit row and its announcement. */
export async function editAtVersion(
  { db, audit, announce }: EditDeps,
  actor: Actor,
  bookingId: string,
  version: number,
  work: (booking: Booking, trx: Transaction) => Promise<Edit | Refused>,
): Promise<Result<Booking, EditFailure>> {
  if (!isStaff(actor.viewer)) return failure({ reason: 'forbidden' });
  if (!isUuid(bookingId)) return failure({ reason: 'not_found' });
  return db.transaction(async (trx): Promise<Result<Booking, EditFailure>> => {
    await blockMerges(trx);
    const booking = await lockBooking(trx, bookingId);
    if (!booking) return failure({ reason: 'not_found' });
    if (booking.version !== version) return failure({ reason: 'stale', current: booking });
    const edit = await work(booking, trx);
    if ('ok' in edit) return edit;
    const columns = Object.keys(edit.changed);
    if (columns.length === 0) return ok(booking);
    await trx('bookings')
      .where({ id: bookingId })
      .update({ ...edit.changed, version: trx.raw('version + 1') });
    await audit.record(trx, auditActor(actor), {
      action: 'booking.edited',
      resourceType: 'booking',
      resourceId: bookingId,
      metadata: { columns, ...edit.facts },
    });
    if (edit.announcement) await announce(trx, edit.announcement);
    return ok((await findBooking(trx, bookingId)) as Booking);
  });
}
