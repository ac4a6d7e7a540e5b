// The messages that the story's bookings have sent by now; one could not be delivered.
import { systemIds } from '../../src/adapters/system-ids.ts';
import type { Examination } from './examinations.ts';
import type { PersonKey } from './people.ts';
import { dayMs, emailOf, minute, type Context } from './rows.ts';

export function writeEmails(
  one: Examination,
  bookingId: string,
  referrer: PersonKey,
  { rows, deps, idOf }: Context,
): void {
  const { row } = one;
  const recipient = emailOf(referrer);
  const base = { booking_id: bookingId, recipient, recipient_id: idOf(referrer) };
  const sent = (at: Date) => {
    const id = systemIds.uuid();
    return {
      id,
      status: 'sent',
      attempts: 1,
      message_id: `<${id}@localhost>`,
      sent_at: at,
      created_at: at,
      updated_at: at,
    };
  };
  const failed = (at: Date) => ({
    id: systemIds.uuid(),
    status: 'failed',
    attempts: 8,
    last_error: '550 5.2.2 mailbox full',
    sent_at: null,
    message_id: null,
    created_at: at,
    updated_at: new Date(at.getTime() + 2 * 60 * minute),
  });
  rows.emails.push({
    ...base,
    kind: 'booking_confirmation',
    dedupe_key: `booking_confirmation:${bookingId}:${idOf(referrer)}`,
    ...(row.mailFailed ? failed(one.bookedAt) : sent(one.bookedAt)),
    last_error: row.mailFailed ? '550 5.2.2 mailbox full' : null,
  });
  if (row.stage === 'cancelled') return;
  // Those that are due by now were sent when they were due.
  const since = one.moved?.at ?? one.bookedAt;
  for (const days of [7, 1]) {
    const due = new Date(one.startsAt.getTime() - days * dayMs);
    if (due > deps.now || since > due) continue;
    rows.booking_reminders.push({
      booking_id: bookingId,
      days_before: days,
      starts_at: one.startsAt,
      created_at: due,
    });
    rows.emails.push({
      ...base,
      kind: 'booking_reminder',
      dedupe_key: `booking_reminder:${bookingId}:${days}:${one.startsAt.toISOString()}:${idOf(referrer)}`,
      ...sent(due),
      last_error: null,
    });
  }
}
