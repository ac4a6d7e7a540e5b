// Bookings made in Acuity whose referrer is not known: they wait for staff to assign them.
import type { Queryable, Transaction } from '../db/knex.ts';

/** SQL over the bookings of this alias. A cancelled one waits until its time: its referrer has not been told. */
export function needsReferrer(alias: string): string {
  return `(${alias}.created_by_id is null and (${alias}.status = 'active'
    or (${alias}.status = 'cancelled' and ${alias}.starts_at > now())))`;
}

export async function countUnassigned(db: Queryable): Promise<number> {
  const [row] = await db('bookings as b').whereRaw(needsReferrer('b')).count({ n: '*' });
  return Number(row?.n ?? 0);
}

/** Staff see it in the console and get no e-mail about it: no digest names it again. */
export async function noteAsTold(trx: Transaction, bookingId: string, digestId: string): Promise<void> {
  await trx('unassigned_notices').insert({ booking_id: bookingId, digest_id: digestId });
}
