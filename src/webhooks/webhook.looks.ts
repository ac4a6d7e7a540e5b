// Which of two answers of Acuity is the newer one: they carry no time and no version (acuity.md 1).
import type { Queryable, Transaction } from '../db/knex.ts';

/** How often this appointment was acted upon: ask before Acuity is asked. */
export async function looksAt(db: Queryable, appointmentId: number): Promise<number> {
  const row = (await db('appointment_looks').where({ appointment_id: appointmentId }).first('looks')) as
    | { looks: number | string }
    | undefined;
  return Number(row?.looks ?? 0);
}

/**
 * Counts one more, for as long as the transaction lasts alone. False when somebody else acted since there were `seen`:
 * what we hold may be older than what they held, and must not be written.
 */
export async function takeLook(trx: Transaction, appointmentId: number, seen: number): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { looks: number | string }[] }>(
    `insert into appointment_looks as l values (?, 1)
     on conflict (appointment_id) do update set looks = l.looks + 1
     returning looks`,
    [appointmentId],
  );
  return Number(rows[0]?.looks) === seen + 1;
}
