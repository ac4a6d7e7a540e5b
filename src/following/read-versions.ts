// Acuity's answers carry neither a time nor a version (acuity.md 1). A counter for each appointment tells which of two
// answers is newer: read it before reading Acuity, and claim it in the transaction that acts on the answer.
import type { Queryable, Transaction } from '../db/knex.ts';

/**
 * How many times an answer about this appointment was acted on, and its booking at that moment. One statement reads both,
 * because a booking that is made between two reads would go unnoticed; whoever makes or changes one later claims the
 * version. Call it before reading Acuity.
 */
export async function findVersions(
  db: Queryable,
  appointmentId: number,
): Promise<{ readVersion: number; booking: { id: string; version: number } | null }> {
  const { rows } = await db.raw<{ rows: [{ read_version: number; id: string | null; version: number }] }>(
    `select coalesce(r.version, 0) as read_version, b.id, b.version
     from (select ?::bigint as id) asked
       left join appointment_read_versions r on r.appointment_id = asked.id
       left join bookings b on b.acuity_appointment_id = asked.id`,
    [appointmentId],
  );
  const [{ read_version: readVersion, id, version }] = rows;
  return { readVersion, booking: id === null ? null : { id, version } };
}

/** The counters of many appointments; those without one yet are left out. */
export async function findReadVersions(
  db: Queryable,
  appointmentIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db('appointment_read_versions')
    .whereIn('appointment_id', appointmentIds)
    .select('appointment_id', 'version');
  return new Map(rows.map((row) => [row.appointment_id, row.version]));
}

/**
 * Bumps the version if it is still `expectedVersion`. False: somebody acted on another answer since, so ours may be
 * older and must not be written. A refused claim bumps nothing; otherwise dozens of concurrent ones would refuse each
 * other for ever.
 */
export async function claimReadVersion(
  trx: Transaction,
  appointmentId: number,
  expectedVersion: number,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into appointment_read_versions as r values (?, 1)
     on conflict (appointment_id) do update set version = r.version + 1 where r.version = ?
     returning version`,
    [appointmentId, expectedVersion],
  );
  return rows.length > 0;
}

/** Call it when an answer changed nothing, so that a process that read Acuity earlier and wants to write reads again. */
export async function bumpReadVersion(trx: Transaction, appointmentId: number): Promise<void> {
  await trx.raw(
    `insert into appointment_read_versions as r values (?, 1)
     on conflict (appointment_id) do update set version = r.version + 1`,
    [appointmentId],
  );
}
