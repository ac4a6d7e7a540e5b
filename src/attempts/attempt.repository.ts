import { setTimeout as sleep } from 'node:timers/promises';
import { detailKeys } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { prepare, type Query } from '../db/statements.ts';
import type { Attempt, AttemptRequest, ChangeKind, NewAttempt, Refusal } from './attempt.ts';

const columns = [
  ...(['id', 'kind', 'state', 'booking_id', 'reference', 'specialist_id', 'organization_id'] as const),
  ...(['created_by_id', 'created_for_id', 'request_hash', 'request', 'starts_at', 'failure'] as const),
  'created_at',
] as const;
const ages = [
  '(extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as age_ms',
  '(extract(epoch from clock_timestamp() - acuity_called_at) * 1000)::float8 as called_ago_ms',
];

export type AttemptRow = Pick<
  RowOf<'booking_attempts', { created_by_id: string; request: AttemptRequest; failure: Refusal | null }>,
  (typeof columns)[number]
> & { age_ms: number; called_ago_ms: number | null };

function selectAttempts(db: Queryable) {
  return db('booking_attempts').select<AttemptRow[]>(...columns, ...ages.map((age) => db.raw(age)));
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    state: row.state,
    bookingId: row.booking_id,
    reference: row.reference,
    specialistId: row.specialist_id,
    organizationId: row.organization_id,
    createdById: row.created_by_id,
    createdForId: row.created_for_id,
    requestHash: row.request_hash,
    request: row.request,
    startsAt: row.starts_at,
    failure: row.failure,
    createdAt: row.created_at,
    ageMs: row.age_ms,
    calledAgoMs: row.called_ago_ms,
  };
}

export async function findAttempt(db: Queryable, id: string): Promise<Attempt | null> {
  const row = await selectAttempts(db).where({ id }).first();
  return row ? toAttempt(row) : null;
}

/** Locks the row until the transaction ends: an attempt is settled exactly once. */
export const lockAttemptQuery = prepare<AttemptRow, { id: string }>('lock an attempt', (db, { id }) =>
  selectAttempts(db).where({ id }).forUpdate(),
);

export async function findAttemptByKey(
  db: Queryable,
  createdById: string,
  idempotencyKey: string,
): Promise<Attempt | null> {
  const row = await selectAttempts(db)
    .where({ created_by_id: createdById, idempotency_key: idempotencyKey })
    .first();
  return row ? toAttempt(row) : null;
}

export async function findAttemptByReference(db: Queryable, reference: string): Promise<Attempt | null> {
  const row = await selectAttempts(db).where({ reference, kind: 'book' }).first();
  return row ? toAttempt(row) : null;
}

/** Open attempts to book this time, with any specialist. */
export async function findOpenBookings(db: Queryable, startsAt: Date): Promise<Attempt<'book'>[]> {
  const rows = await selectAttempts(db).where({ kind: 'book', state: 'open', starts_at: startsAt });
  return rows.map((row) => toAttempt(row) as Attempt<'book'>);
}

export async function findOpenChange(db: Queryable, bookingId: string): Promise<Attempt<ChangeKind> | null> {
  const row = await selectAttempts(db)
    .where({ booking_id: bookingId, state: 'open' })
    .whereNot('kind', 'book')
    .first();
  return row ? (toAttempt(row) as Attempt<ChangeKind>) : null;
}

/** Waits until the attempt is settled or the time runs out, and returns it then; null when there is none. */
export async function waitUntilSettled(
  db: Queryable,
  id: string,
  patienceMs: number,
): Promise<Attempt | null> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const attempt = await findAttempt(db, id);
    if (!attempt || attempt.state !== 'open' || performance.now() + pauseMs > deadline) return attempt;
    await sleep(pauseMs);
  }
}

export async function openAttemptsOlderThan(db: Queryable, ageMs: number): Promise<string[]> {
  return db('booking_attempts')
    .where('state', 'open')
    .whereRaw(`created_at < clock_timestamp() - ? * interval '1 millisecond'`, [ageMs])
    .orderBy('created_at')
    .limit(1000)
    .pluck('id');
}

function rowOf(attempt: NewAttempt) {
  return {
    id: attempt.id,
    kind: attempt.request.kind,
    booking_id: attempt.bookingId,
    reference: attempt.reference,
    specialist_id: attempt.specialistId,
    organization_id: attempt.organizationId,
    created_by_id: attempt.createdById,
    created_for_id: attempt.createdForId,
    idempotency_key: attempt.idempotencyKey,
    request_hash: attempt.requestHash,
    request: JSON.stringify(attempt.failure ? withoutPerson(attempt.request) : attempt.request),
    starts_at: attempt.startsAt,
    state: attempt.failure ? ('failed' as const) : ('open' as const),
    failure: attempt.failure ? JSON.stringify(attempt.failure) : null,
  };
}

const insertRowQuery = prepare<AttemptRow, ReturnType<typeof rowOf>>('insert an attempt', (db, row) =>
  db('booking_attempts')
    .insert({
      ...row,
      settled_at: db.raw(`case when ?::text <> 'open' then clock_timestamp() end`, [row.state]),
    })
    .returning([...columns, ...ages.map((age) => db.raw(age))]),
);

/** Fails with the database's error when a unique index is violated; see `violatedConstraint`. */
export function insertAttemptQuery(db: Queryable, attempt: NewAttempt): Query<AttemptRow> {
  return insertRowQuery(db, rowOf(attempt));
}

/** A condition on a row of booking_attempts: somebody else holds the time that it asks for (src/waiting). */
const isHeld = `held_for_other(specialist_id, starts_at, coalesce((request ->> 'durationMinutes')::int,
  (select b.duration_minutes from bookings b where b.id = booking_attempts.booking_id)), created_by_id)`;

/**
 * Claims the attempt: the last statement before Acuity is called. Returns no row when somebody else holds the time, or when
 * the attempt is settled already (the settle job failed it because the request took too long).
 * Whoever is given a hold looks for claimed attempts afterwards, so either this statement sees the hold, or they see the
 * claim. Therefore it is never part of the transaction that stores the attempt: others see the attempt once that commits.
 */
export const claimAttemptQuery = prepare<{ id: string }, { id: string }>('claim an attempt', (db, { id }) =>
  db('booking_attempts')
    .where({ id, state: 'open' })
    .whereNull('acuity_called_at')
    .whereRaw(`not ${isHeld}`)
    .update({ acuity_called_at: db.raw('clock_timestamp()') })
    .returning('id'),
);

/** Tells why an open attempt could not be claimed: somebody else holds its time. */
export async function isHeldForOther(db: Queryable, id: string): Promise<boolean> {
  const [row] = await db('booking_attempts')
    .where({ id, state: 'open' })
    .whereNull('acuity_called_at')
    .select<{ is_held: boolean }[]>(db.raw(`${isHeld} as is_held`));
  return row?.is_held ?? false;
}

/**
 * Stores the changed request and the time before Acuity is called again for the same attempt. Null when the worker
 * declared it failed in the meantime.
 */
export async function claimNextCall<I extends Attempt<'book'>>(
  db: Queryable,
  attempt: I,
  change: { acuity?: Partial<AttemptRequest<'book'>['acuity']>; detailsNeeded?: boolean },
): Promise<I | null> {
  const acuity = { ...attempt.request.acuity, ...change.acuity };
  const detailsNeeded = change.detailsNeeded ?? attempt.request.detailsNeeded ?? false;
  const changed = await db('booking_attempts')
    .where({ id: attempt.id, state: 'open' })
    .update({
      request: db.raw('request || ?::jsonb', [JSON.stringify({ acuity, detailsNeeded })]),
      acuity_called_at: db.raw('clock_timestamp()'),
    });
  return changed === 1 ? { ...attempt, request: { ...attempt.request, acuity, detailsNeeded } } : null;
}

/** @returns false when the attempt is settled, or with `onlyUncalled` when Acuity is being called already */
export async function failOpen(
  trx: Transaction,
  id: string,
  failure: Refusal,
  options: { releaseKey?: boolean; onlyUncalled?: boolean } = {},
): Promise<boolean> {
  const open = trx('booking_attempts').where({ id, state: 'open' });
  if (options.onlyUncalled) open.whereNull('acuity_called_at');
  const failed = await open.update({
    ...settledColumns(trx, { state: 'failed', failure: JSON.stringify(failure) }),
    ...(options.releaseKey && { idempotency_key: null }),
  });
  return failed === 1;
}

export const completeAttemptQuery = prepare<never, { id: string; bookingId: string }>(
  'complete an attempt',
  (db, { id, bookingId }) =>
    db('booking_attempts')
      .where({ id })
      .update(settledColumns(db, { state: 'completed', booking_id: bookingId, failure: null })),
);

// Health information, which is removed when the attempt is settled. By then it is in the booking, or nobody needs it.
const typedByThePerson: string[] = [...detailKeys(), 'answers', 'reason'];

function withoutPerson(request: AttemptRequest): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request).filter(([key]) => !typedByThePerson.includes(key)));
}

function settledColumns(db: Queryable, settled: Record<string, unknown>) {
  return {
    ...settled,
    settled_at: db.raw('clock_timestamp()'),
    request: db.raw('request - ?::text[]', [typedByThePerson]),
  };
}

/**
 * Marks open attempts as called, after a restore. Acuity may have been called since the backup for an attempt that is
 * stored as not called. Without the mark the settle job would declare it failed, and its appointment would be cancelled.
 * With the mark the job first searches Acuity for the appointment.
 * @returns the ids of all open attempts
 */
export async function markOpenAsCalled(trx: Transaction): Promise<string[]> {
  await trx('booking_attempts')
    .where({ state: 'open' })
    .whereNull('acuity_called_at')
    .update({ acuity_called_at: trx.raw('created_at') });
  return await trx('booking_attempts').where({ state: 'open' }).orderBy('created_at').pluck('id');
}
