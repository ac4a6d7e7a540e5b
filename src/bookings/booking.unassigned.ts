// Bookings made in Acuity whose referrer is unknown: staff assign one.
import type { Queryable, Transaction } from '../db/knex.ts';

/** A SQL condition on this alias. A cancelled booking counts until its time: its referrer has not been told. */
export function needsReferrer(alias: string): string {
  return `(${alias}.created_by_id is null and (${alias}.status = 'active'
    or (${alias}.status = 'cancelled' and ${alias}.starts_at > now())))`;
}

export async function countUnassigned(db: Queryable): Promise<number> {
  const [row] = await db('bookings as b').whereRaw(needsReferrer('b')).count({ n: '*' });
  return Number(row?.n ?? 0);
}

/** Marks the booking as mailed about, so that no digest names it: staff see it in the console. */
export async function noteAsTold(trx: Transaction, bookingId: string, digestId: string): Promise<void> {
  await trx('unassigned_notices').insert({ booking_id: bookingId, digest_id: digestId });
}
