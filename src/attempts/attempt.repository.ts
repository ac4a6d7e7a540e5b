// What we are about to ask of Acuity, written down before we ask (docs/decisions/0003-booking-intentions.md).
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditActor } from '../audit/index.ts';
import type { Slot } from '../availability/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { detailKeys, type BookingRequest, type FieldError } from '../bookings/index.ts';
import type { Answer } from '../questions/index.ts';

/** Everything needed to finish a booking without the person who asked for it. */
export interface BookOrder extends Omit<BookingRequest, 'specialistId' | 'startsAt' | 'answers'> {
  kind: 'book';
  /** To Acuity's own questions. */
  answers: Answer[];
  /** Acuity may have asked for something that nobody could answer: the booking is marked for staff. */
  detailsNeeded?: boolean;
  actor: AuditActor;
  client: { name: string; email: string };
  organizationName: string;
  acuity: {
    appointmentTypeId: number;
    calendarId: number;
    /** Which field holds the reference, even if another one does later; null: none. Unset: the one of today. */
    referenceFieldId?: number | null;
    /** Fields of our own details that this appointment type does not have: they are not sent. */
    omittedFieldIds?: number[];
    /** Acuity checks neither the fields nor whether the time is free (docs/decisions/0022-acuitys-questions.md). */
    asStaff?: boolean;
  };
  durationMinutes: number;
  /** The examination's own zone and place, as the specialist had them when it was asked for. */
  examinationTimezone: string;
  location: string | null;
}

export interface RescheduleOrder {
  kind: 'reschedule';
  actor: AuditActor;
  /** Staff see the outcome on the booking; mails go to the referrer only. */
  byStaff: boolean;
  acuity: { appointmentId: number; calendarId: number };
  /** ISO instant. */
  previousStartsAt: string;
}

export interface CancelOrder {
  kind: 'cancel';
  actor: AuditActor;
  byStaff: boolean;
  acuity: { appointmentId: number; calendarId: number };
  reason: string | null;
}

export type ChangeOrder = RescheduleOrder | CancelOrder;
export type Order = BookOrder | ChangeOrder;

/** The first answer, given again to whoever asks with the same key. */
export type Refusal =
  | { reason: 'slot_taken'; startsAt: string; nearest: { startsAt: string; durationMinutes: number }[] }
  | { reason: 'invalid'; errors: FieldError[] }
  | { reason: 'already_cancelled' }
  | { reason: 'acuity_unavailable'; retryAfterMs: number }
  | { reason: 'acuity_error' };

export interface Intention<O extends Order = Order> {
  id: string;
  state: 'open' | 'completed' | 'failed';
  bookingId: string | null;
  reference: string;
  specialistId: string;
  organizationId: string | null;
  createdById: string;
  createdForId: string | null;
  requestHash: string;
  order: O;
  /** Wanted time; null for a cancellation. */
  startsAt: Date | null;
  failure: Refusal | null;
  createdAt: Date;
  /** By the database's clock, so that processes need not agree on the time. */
  ageMs: number;
  /** Null while Acuity was not called. */
  calledAgoMs: number | null;
}

export interface NewIntention {
  id: string;
  bookingId: string | null;
  reference: string;
  specialistId: string;
  organizationId: string | null;
  createdById: string;
  createdForId: string | null;
  idempotencyKey: string | null;
  requestHash: string;
  order: Order;
  startsAt: Date | null;
  /** Set for one that was over before it began: kept only so that its key gives the same answer again. */
  failure?: Refusal;
}

interface IntentionRow {
  id: string;
  kind: Order['kind'];
  state: Intention['state'];
  booking_id: string | null;
  reference: string;
  specialist_id: string;
  organization_id: string | null;
  created_by_id: string;
  created_for_id: string | null;
  request_hash: string;
  request: Order;
  starts_at: Date | null;
  failure: Refusal | null;
  created_at: Date;
  age_ms: number;
  called_ago_ms: number | null;
}

function selectIntentions(db: Queryable) {
  return db('booking_intentions').select<IntentionRow[]>(
    '*',
    db.raw('(extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as age_ms'),
    db.raw('(extract(epoch from clock_timestamp() - acuity_called_at) * 1000)::float8 as called_ago_ms'),
  );
}

function toIntention(row: IntentionRow): Intention {
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
    order: row.request,
    startsAt: row.starts_at,
    failure: row.failure,
    createdAt: row.created_at,
    ageMs: row.age_ms,
    calledAgoMs: row.called_ago_ms,
  };
}

export async function findIntention(db: Queryable, id: string): Promise<Intention | null> {
  const row = await selectIntentions(db).where({ id }).first();
  return row ? toIntention(row) : null;
}

/** Whoever settles holds the row, so that it is settled once. */
export async function lockIntention(trx: Transaction, id: string): Promise<Intention | null> {
  const row = await selectIntentions(trx).where({ id }).forUpdate().first();
  return row ? toIntention(row) : null;
}

export async function findIntentionByKey(
  db: Queryable,
  createdById: string,
  idempotencyKey: string,
): Promise<Intention | null> {
  const row = await selectIntentions(db)
    .where({ created_by_id: createdById, idempotency_key: idempotencyKey })
    .first();
  return row ? toIntention(row) : null;
}

export async function findIntentionByReference(db: Queryable, reference: string): Promise<Intention | null> {
  const row = await selectIntentions(db).where({ reference, kind: 'book' }).first();
  return row ? toIntention(row) : null;
}

/** Attempts to book this time that are open, with any specialist. */
export async function findOpenBookings(db: Queryable, startsAt: Date): Promise<Intention<BookOrder>[]> {
  const rows = await selectIntentions(db).where({ kind: 'book', state: 'open', starts_at: startsAt });
  return rows.map((row) => toIntention(row) as Intention<BookOrder>);
}

export async function findOpenChange(db: Queryable, bookingId: string): Promise<Intention | null> {
  const row = await selectIntentions(db)
    .where({ booking_id: bookingId, state: 'open' })
    .whereNot('kind', 'book')
    .first();
  return row ? toIntention(row) : null;
}

/** The intention as it stands once it is settled, or when patience has run out; null when there is none. */
export async function waitUntilSettled(
  db: Queryable,
  id: string,
  patienceMs: number,
): Promise<Intention | null> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const intention = await findIntention(db, id);
    if (!intention || intention.state !== 'open' || performance.now() + pauseMs > deadline) return intention;
    await sleep(pauseMs);
  }
}

export async function openIntentionsOlderThan(db: Queryable, ageMs: number): Promise<string[]> {
  return db('booking_intentions')
    .where('state', 'open')
    .whereRaw(`created_at < clock_timestamp() - ? * interval '1 millisecond'`, [ageMs])
    .orderBy('created_at')
    .limit(1000)
    .pluck('id');
}

/** @throws the database's error when a unique index says no; ask `violatedConstraint`. */
export async function insertIntention(trx: Transaction, intention: NewIntention): Promise<void> {
  await trx('booking_intentions').insert({
    id: intention.id,
    kind: intention.order.kind,
    booking_id: intention.bookingId,
    reference: intention.reference,
    specialist_id: intention.specialistId,
    organization_id: intention.organizationId,
    created_by_id: intention.createdById,
    created_for_id: intention.createdForId,
    idempotency_key: intention.idempotencyKey,
    request_hash: intention.requestHash,
    request: JSON.stringify(intention.failure ? withoutPerson(intention.order) : intention.order),
    starts_at: intention.startsAt,
    ...(intention.failure && {
      state: 'failed',
      failure: JSON.stringify(intention.failure),
      settled_at: trx.raw('clock_timestamp()'),
    }),
  });
}

/**
 * The last thing before Acuity is called. False when the intention is no longer ours to carry out: the worker took
 * us for dead and declared it failed.
 */
export async function claimForCall(db: Queryable, id: string): Promise<boolean> {
  const claimed = await db('booking_intentions')
    .where({ id, state: 'open' })
    .whereNull('acuity_called_at')
    .update({ acuity_called_at: db.raw('clock_timestamp()') });
  return claimed === 1;
}

/**
 * Before Acuity is called once more for the same intention: what is asked now, and since when. Null when the worker
 * declared it failed in the meantime.
 */
export async function claimNextCall<I extends Intention<BookOrder>>(
  db: Queryable,
  intention: I,
  change: { acuity?: Partial<BookOrder['acuity']>; detailsNeeded?: boolean },
): Promise<I | null> {
  const acuity = { ...intention.order.acuity, ...change.acuity };
  const detailsNeeded = change.detailsNeeded ?? intention.order.detailsNeeded ?? false;
  const changed = await db('booking_intentions')
    .where({ id: intention.id, state: 'open' })
    .update({
      request: db.raw('request || ?::jsonb', [JSON.stringify({ acuity, detailsNeeded })]),
      acuity_called_at: db.raw('clock_timestamp()'),
    });
  return changed === 1 ? { ...intention, order: { ...intention.order, acuity, detailsNeeded } } : null;
}

/** False when Acuity is being called after all, or the intention is settled already. */
export async function failUncalled(trx: Transaction, id: string, failure: Refusal): Promise<boolean> {
  const failed = await trx('booking_intentions')
    .where({ id, state: 'open' })
    .whereNull('acuity_called_at')
    .update(settledColumns(trx, { state: 'failed', failure: JSON.stringify(failure) }));
  return failed === 1;
}

export async function failOpen(
  trx: Transaction,
  id: string,
  failure: Refusal,
  options: { releaseKey?: boolean } = {},
): Promise<boolean> {
  const failed = await trx('booking_intentions')
    .where({ id, state: 'open' })
    .update({
      ...settledColumns(trx, { state: 'failed', failure: JSON.stringify(failure) }),
      ...(options.releaseKey && { idempotency_key: null }),
    });
  return failed === 1;
}

export async function completeOpen(trx: Transaction, id: string, bookingId: string): Promise<void> {
  await trx('booking_intentions')
    .where({ id })
    .update(settledColumns(trx, { state: 'completed', booking_id: bookingId, failure: null }));
}

// What the person typed has done its work once the intention is settled: the booking holds it, or nobody needs it.
const typedByThePerson: string[] = [...detailKeys(), 'answers', 'reason'];

function withoutPerson(order: Order): Record<string, unknown> {
  return Object.fromEntries(Object.entries(order).filter(([key]) => !typedByThePerson.includes(key)));
}

function settledColumns(trx: Transaction, columns: Record<string, unknown>) {
  return {
    ...columns,
    settled_at: trx.raw('clock_timestamp()'),
    request: trx.raw('request - ?::text[]', [typedByThePerson]),
  };
}

export function toRefusal(taken: { startsAt: Date; nearest: Slot[] }): Refusal {
  return {
    reason: 'slot_taken',
    startsAt: taken.startsAt.toISOString(),
    nearest: taken.nearest.map((slot) => ({ ...slot, startsAt: slot.startsAt.toISOString() })),
  };
}

/** A kept refusal as the answer it was. */
export function fromRefusal(refusal: Refusal) {
  if (refusal.reason !== 'slot_taken') return refusal;
  return {
    reason: refusal.reason,
    startsAt: new Date(refusal.startsAt),
    nearest: refusal.nearest.map((slot): Slot => ({ ...slot, startsAt: new Date(slot.startsAt) })),
  };
}
