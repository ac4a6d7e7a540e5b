// Contacts: colleagues who are told about a booking besides its referrer (bookings.created_by_id, never a row here).
import { z } from 'zod';
import type { Member } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { prepare, sendTogether } from '../db/statements.ts';
import type { InvalidFields } from '../lib/result.ts';
import type { Booking } from './booking.ts';

export const contactRoles = ['solicitor', 'report_recipient'] as const;
export type ContactRole = (typeof contactRoles)[number];

export interface Contact {
  userId: string;
  name: string;
  email: string;
  role: ContactRole;
}

/**
 * Contacts who may be told today: active referrers of the booking's present organisation, without the booking's own
 * referrer. Somebody who was merged away is replaced by the account that remains.
 */
export const listContactsQuery = prepare<Contact, { bookingId: string }>(
  'contacts of a booking',
  (db, { bookingId }) =>
    db.raw(`select contacts.* from bookings b cross join lateral (${contactsSql}) contacts where b.id = ?`, [
      bookingId,
    ]),
);

export async function contactsOf(db: Queryable, bookingId: string): Promise<Contact[]> {
  const [contacts] = await sendTogether(db, listContactsQuery(db, { bookingId }));
  return contacts;
}

/** Selects the contacts of the booking `b` of the query around it. */
export const contactsSql = `
    select u.id as "userId", u.name, u.email, c.role
    from booking_contacts c
      join users u on u.id = merged_into(c.user_id)
      join members m on m.user_id = u.id and m.organization_id = b.organization_id
    where c.booking_id = b.id and u.role = 'referrer' and not u.banned
      and u.id is distinct from b.created_by_id
    group by u.id, u.name, u.email, c.role
    order by min(c.created_at), u.id`;

export interface ContactChoice {
  userId: string;
  role: ContactRole;
}

/** The body of POST /bookings/:id/contacts: the complete new list. */
export const contactsRequestSchema = z.object(
  {
    contacts: z
      .array(
        z.object({
          userId: z.string().transform((id) => id.toLowerCase()),
          role: z.enum(contactRoles, `Choose one of ${contactRoles.join(', ')}`),
        }),
        'Give the contacts as a list',
      )
      .max(100, 'Give 100 contacts or fewer'),
  },
  'Send a JSON object',
) satisfies z.ZodType<{ contacts: ContactChoice[] }>;

export interface BookingContacts {
  booking: Booking;
  contacts: Contact[];
  /** Who may be chosen: active members of the booking's organisation, except its referrer, who is told anyway. */
  candidates: Member[];
}

export type ContactsFailure = { reason: 'not_found' } | InvalidFields;
