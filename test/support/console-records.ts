// Bookings for tests of the console: inserted directly, without Acuity.
import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';
import { timeAhead } from './days.ts';

type Name = 'rita' | 'rob' | 'nadia';

export async function personOf(db: Database, name: string): Promise<{ id: string; organizationId: string }> {
  return (await db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .where('u.email', 'like', `${name}@%`)
    .first('u.id', 'm.organization_id as organizationId')) as { id: string; organizationId: string };
}

let count = 0;

/** Only letters that are not mistaken for others. */
function referenceOf(n: number): string {
  const digits = n.toString(16).padStart(6, '0').split('');
  return `EX-${digits.map((digit) => '23456789ABCDEFGH'[Number.parseInt(digit, 16)]).join('')}`;
}

/** Rita's booking in Sydney, unless it has no referrer yet. */
export async function aBookingOf(
  db: Database,
  of: Name | { id: string; organizationId: string } | null,
  but: Record<string, unknown> = {},
): Promise<string> {
  const id = randomUUID();
  count += 1;
  const nth = count;
  const person = typeof of === 'string' ? await personOf(db, of) : of;
  const specialist = await db('specialists').where({ acuity_calendar_id: 7001 }).first('id');
  await db('bookings').insert({
    id,
    reference: referenceOf(nth),
    acuity_appointment_id: 880_000 + nth,
    specialist_id: specialist!.id,
    source: person ? 'portal' : 'acuity_direct',
    created_by_id: person?.id ?? null,
    organization_id: person?.organizationId ?? null,
    examinee_first_name: 'Ewan',
    examinee_last_name: 'Marsh',
    examinee_phone: '+61412345678',
    starts_at: new Date(timeAhead(10)),
    duration_minutes: 60,
    type: 'in_person',
    timezone: 'Australia/Sydney',
    ...but,
  });
  return id;
}

export async function anEmailAbout(
  db: Database,
  bookingId: string,
  but: Record<string, unknown> = {},
): Promise<string> {
  const id = randomUUID();
  await db('emails').insert({
    id,
    kind: 'booking_confirmation',
    dedupe_key: id,
    recipient: 'rita@harbour-legal.example',
    booking_id: bookingId,
    status: 'failed',
    attempts: 8,
    ...but,
  });
  return id;
}
