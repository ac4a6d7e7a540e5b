// Which of two answers of Acuity is the newer one: they carry no time and no version (acuity.md 1).
import type { Queryable, Transaction } from '../db/knex.ts';

/** How often this appointment was acted upon: ask before Acuity is asked. */
export async function looksAt(db: Queryable, appointmentId: number): Promise<number> {
  const row = (await db('appointment_looks').where({ appointment_id: appointmentId }).first('looks')) as
    | { looks: number | string }
    | undefined;
  return Number(row?.looks ?? 0);
}

/** The same of many; those that nobody acted upon yet are left out. */
export async function looksAtMany(
  db: Queryable,
  appointmentIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = (await db('appointment_looks')
    .whereIn('appointment_id', appointmentIds)
    .select('appointment_id', 'looks')) as { appointment_id: number | string; looks: number | string }[];
  return new Map(rows.map((row) => [Number(row.appointment_id), Number(row.looks)]));
}

/**
 * Counts one more, unless somebody else acted since there were `seen`: then false, and what we hold may be older than
 * what they held, and must not be written. One that is refused counts nothing, or dozens at once would refuse each
 * other for ever.
 */
export async function takeLook(trx: Transaction, appointmentId: number, seen: number): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into appointment_looks as l values (?, 1)
     on conflict (appointment_id) do update set looks = l.looks + 1 where l.looks = ?
     returning looks`,
    [appointmentId, seen],
  );
  return rows.length > 0;
}

/** For a look that found nothing to do: whoever asked before it, and would write, has to ask again. */
export async function countLook(trx: Transaction, appointmentId: number): Promise<void> {
  await trx.raw(
    `insert into appointment_looks as l values (?, 1)
     on conflict (appointment_id) do update set looks = l.looks + 1`,
    [appointmentId],
  );
}
