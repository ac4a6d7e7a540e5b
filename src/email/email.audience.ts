// Decides who is told what about a booking, within the announcing transaction.
import { findAttempt } from '../attempts/index.ts';
import { listContactsQuery, type Announcement } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { prepare, sendTogether, type Answers } from '../db/statements.ts';
import { mailKinds, type BookingMailKind, type BookingReader, type Delivery } from '../mail-kinds/index.ts';
import { deliveriesFrom, readChoicesQuery } from './email.preferences.ts';
import { writersOf } from '../messages/index.ts';

export interface Recipient {
  id: string;
  email: string;
  delivery: Delivery;
}

/**
 * The people who are told, each once, without those who switched this kind off or have not accepted their invitation yet.
 * Empty while the booking is unassigned.
 */
export async function audienceOf(db: Queryable, announcement: Announcement): Promise<Recipient[]> {
  const wanted = announcement.recipientIds ?? (await concerned(db, announcement));
  const answers = await sendTogether(db, ...readAudienceQueries(db, announcement.kind, wanted));
  return audienceFrom(answers, announcement);
}

/** The queries that read which of these people are told about this kind; `audienceFrom` reads their answers. */
export function readAudienceQueries(db: Queryable, kind: BookingMailKind, ids: readonly string[]) {
  return [reachableQuery(db, { ids }), readChoicesQuery(db, kind, ids)] as const;
}

export type AudienceAnswers = Answers<ReturnType<typeof readAudienceQueries>>;

export function audienceFrom(
  [found, choices]: AudienceAnswers,
  { kind, exceptId }: Announcement,
): Recipient[] {
  const people = found.filter(({ id }) => id !== exceptId);
  const ids = people.map(({ id }) => id);
  const deliveries = deliveriesFrom(choices, kind, ids);
  return people
    .map(({ id, email }) => ({ id, email, delivery: deliveries.get(id) ?? mailKinds[kind].usual }))
    .filter(({ delivery }) => delivery !== 'off');
}

/** Those of the people who have accepted their invitation. A person who was merged is replaced by the remaining one. */
const reachableQuery = prepare<Pick<Recipient, 'id' | 'email'>, { ids: readonly string[] }>(
  'people who get e-mails',
  (db, { ids }) =>
    db('users')
      .whereRaw('id in (select merged_into(given) from unnest(?::uuid[]) given)', [ids as string[]])
      .where({ awaits_invitation: false })
      .orderBy('id')
      .select('id', 'email'),
);

const referrerQuery = prepare<{ created_by_id: string | null }, { bookingId: string }>(
  'referrer of a booking',
  (db, { bookingId }) => db('bookings').where({ id: bookingId }).select('created_by_id'),
);

async function concerned(db: Queryable, { kind, bookingId, attemptId }: Announcement): Promise<string[]> {
  const parts: readonly BookingReader[] = mailKinds[kind].to;
  const ids: string[] = [];
  if (parts.includes('requester') && attemptId) {
    const attempt = await findAttempt(db, attemptId);
    if (attempt) ids.push(attempt.createdById);
  }
  if (!bookingId) return ids;
  const [[booking], contacts] = await sendTogether(
    db,
    referrerQuery(db, { bookingId }),
    listContactsQuery(db, { bookingId }),
  );
  if (parts.includes('booker') && booking?.created_by_id) ids.push(booking.created_by_id);
  if (kind === 'message_received')
    ids.push(...(await membersOnly(db, bookingId, await writersOf(db, bookingId))));
  return [...ids, ...contacts.filter(({ role }) => parts.includes(role)).map(({ userId }) => userId)];
}

/** Leaves out people who do not belong to the booking's organisation today. */
async function membersOnly(db: Queryable, bookingId: string, userIds: string[]): Promise<string[]> {
  return db('members as m')
    .join('bookings as b', 'b.organization_id', 'm.organization_id')
    .where('b.id', bookingId)
    .whereIn('m.user_id', userIds)
    .pluck('m.user_id');
}
