// Which kinds of message a person has switched off. No row: the message is sent at once.
import type { BookingMailKind } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';

/** A failed attempt needs a decision, and account mails keep the account safe: those are always sent. */
export const stoppableKinds = {
  referrer: [
    'booking_confirmation',
    'booking_rescheduled',
    'booking_cancelled',
    'booking_no_show',
    'booking_reminder',
    'document_added',
    'report_ready',
  ],
  staff: ['unassigned_bookings'],
} as const satisfies { referrer: readonly BookingMailKind[]; staff: readonly string[] };

export type StoppableKind = (typeof stoppableKinds)[keyof typeof stoppableKinds][number];

/** Of these people, those who want no message of this kind. */
export async function switchedOff(db: Queryable, kind: string, userIds: string[]): Promise<string[]> {
  const stoppable: readonly string[] = [...stoppableKinds.referrer, ...stoppableKinds.staff];
  if (!stoppable.includes(kind)) return [];
  return db('mail_preferences').where({ kind, delivery: 'off' }).whereIn('user_id', userIds).pluck('user_id');
}
