import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { prepare, sendTogether, type Query } from '../db/statements.ts';
import {
  columnsOf,
  detailRowOf,
  details,
  detailsOfRow,
  type BookingDetails,
  type DetailColumns,
  type PartialDetails,
} from './booking.details.ts';
import type { Booking, BookingStatus, Progress, ProgressEntry } from './booking.ts';

export interface NewBooking extends BookingDetails {
  id: string;
  reference: string;
  acuityAppointmentId: number;
  specialistId: string;
  organizationId: string | null;
  createdById: string | null;
  createdForId: string | null;
  startsAt: Date;
  /** No document is due before the business day after it (booking.paperwork.ts). */
  timeChosenAt: Date;
  durationMinutes: number;
  timezone: string;
  type: Booking['type'];
  location: string | null;
  meetingLink: string | null;
  source: Booking['source'];
  externalCreatedBy: string | null;
  detailsNeeded: boolean;
  /** See booking.answers.ts. */
  answersDigest: string;
}

export interface NewProgress {
  id: string;
  bookingId: string;
  progress: Progress;
  changedById: string | null;
  changedForId: string | null;
  source: ProgressEntry['source'];
  notes: string;
  moved?: ProgressEntry['moved'] | undefined;
}

/** The columns that a change may set; all others never change. */
export interface BookingChange {
  startsAt?: Date;
  /** Set it together with `startsAt`. */
  timeChosenAt?: Date;
  durationMinutes?: number;
  location?: string | null;
  meetingLink?: string | null;
  status: BookingStatus;
  currentProgress: Progress;
}

const ownColumns = [
  ...(['id', 'reference', 'acuity_appointment_id', 'specialist_id', 'organization_id'] as const),
  ...(['created_by_id', 'created_for_id', 'details_needed', 'starts_at', 'duration_minutes'] as const),
  ...(['timezone', 'type', 'location', 'meeting_link', 'status', 'current_progress', 'source'] as const),
  ...(['version', 'created_at', 'updated_at'] as const),
] as const;

export type BookingRow = Pick<RowOf<'bookings'>, (typeof ownColumns)[number]> &
  DetailColumns & {
    specialist_name: string;
    specialist_specialty: string;
    organization_name: string | null;
    created_by_name: string | null;
    created_for_name: string | null;
  };

/** What `toBooking` reads, over the tables of `selectBookings`. */
export const bookingColumns: readonly string[] = [
  ...[...ownColumns, ...details.map(({ column }) => column)].map((column) => `b.${column}`),
  's.name as specialist_name',
  's.specialty as specialist_specialty',
  'o.name as organization_name',
  'cb.name as created_by_name',
  'cf.name as created_for_name',
];

/** The tables of `selectBookings`, for statements that are written by hand. */
export const namedBookings = `bookings b
      join specialists s on s.id = b.specialist_id
      left join organizations o on o.id = b.organization_id
      left join users cb on cb.id = b.created_by_id
      left join users cf on cf.id = b.created_for_id`;

/** Selects bookings with the names that are shown with them. */
export function selectBookings(db: Queryable) {
  return db('bookings as b')
    .join('specialists as s', 's.id', 'b.specialist_id')
    .leftJoin('organizations as o', 'o.id', 'b.organization_id')
    .leftJoin('users as cb', 'cb.id', 'b.created_by_id')
    .leftJoin('users as cf', 'cf.id', 'b.created_for_id')
    .select<BookingRow[]>(...bookingColumns);
}

export function toBooking(row: BookingRow): Booking {
  return {
    id: row.id,
    reference: row.reference,
    acuityAppointmentId: row.acuity_appointment_id,
    specialist: { id: row.specialist_id, name: row.specialist_name, specialty: row.specialist_specialty },
    organization: named(row.organization_id, row.organization_name),
    createdBy: named(row.created_by_id, row.created_by_name),
    createdFor: named(row.created_for_id, row.created_for_name),
    detailsNeeded: row.details_needed,
    ...detailsOfRow(row),
    startsAt: row.starts_at,
    durationMinutes: row.duration_minutes,
    timezone: row.timezone,
    type: row.type,
    location: row.location,
    meetingLink: row.meeting_link,
    status: row.status,
    currentProgress: row.current_progress,
    source: row.source,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function named(id: string | null, name: string | null): { id: string; name: string } | null {
  return id === null ? null : { id, name: name ?? '' };
}

/** Finds nothing when `id` is null. */
export const findBookingQuery = prepare<BookingRow, { id: string | null }>('a booking', (db, { id }) =>
  selectBookings(db).where('b.id', id),
);

/** Locks the row until the transaction ends: changes of one booking are serialised. */
export const lockBookingQuery = prepare<{ id: string }, { id: string }>('lock a booking', (db, { id }) =>
  db('bookings').whereRaw('id = ?', [id]).forUpdate().select('id'),
);

export async function findBooking(db: Queryable, id: string): Promise<Booking | null> {
  const row = await selectBookings(db).where('b.id', id).first();
  return row ? toBooking(row) : null;
}

/** The address of whoever made the booking in Acuity; null: made here, or not known. For staff only. */
export async function madeInAcuityBy(db: Queryable, id: string): Promise<string | null> {
  const row = await db('bookings').where({ id }).first('external_created_by');
  return row?.external_created_by ?? null;
}

export async function findBookingId(db: Queryable, reference: string): Promise<string | null> {
  const row = await db('bookings').where({ reference }).first('id');
  return row?.id ?? null;
}

/** Locks the row until the transaction ends, and reads it. */
export async function lockBooking(trx: Transaction, id: string): Promise<Booking | null> {
  const [, [row]] = await sendTogether(trx, lockBookingQuery(trx, { id }), findBookingQuery(trx, { id }));
  return row ? toBooking(row) : null;
}

export async function findBookingByAppointment(
  db: Queryable,
  acuityAppointmentId: number,
): Promise<Booking | null> {
  const row = await selectBookings(db).where('b.acuity_appointment_id', acuityAppointmentId).first();
  return row ? toBooking(row) : null;
}

function newBookingRow(booking: NewBooking) {
  return {
    id: booking.id,
    reference: booking.reference,
    acuity_appointment_id: booking.acuityAppointmentId,
    specialist_id: booking.specialistId,
    organization_id: booking.organizationId,
    created_by_id: booking.createdById,
    created_for_id: booking.createdForId,
    ...detailRowOf(booking),
    starts_at: booking.startsAt,
    time_chosen_at: booking.timeChosenAt,
    duration_minutes: booking.durationMinutes,
    timezone: booking.timezone,
    type: booking.type,
    location: booking.location,
    meeting_link: booking.meetingLink,
    source: booking.source,
    external_created_by: booking.externalCreatedBy,
    details_needed: booking.detailsNeeded,
    acuity_answers_digest: booking.answersDigest,
  };
}

// The organisation or the referrer may have been merged away since the request: the remaining record gets the booking.
const insertRowQuery = prepare<never, ReturnType<typeof newBookingRow>>('insert a booking', (db, row) =>
  db('bookings').insert({
    ...row,
    organization_id: db.raw('merged_into(?)', [row.organization_id]),
    created_by_id: db.raw('merged_into(?)', [row.created_by_id]),
  }),
);

/** The caller has blocked merges. */
export function insertBookingQuery(db: Queryable, booking: NewBooking): Query {
  return insertRowQuery(db, newBookingRow(booking));
}

export async function insertBooking(trx: Transaction, booking: NewBooking): Promise<void> {
  await sendTogether(trx, insertBookingQuery(trx, booking));
}

export async function changeBooking(trx: Transaction, id: string, change: BookingChange): Promise<void> {
  await trx('bookings')
    .where({ id })
    .update({
      ...(change.startsAt && { starts_at: change.startsAt }),
      ...(change.timeChosenAt && { time_chosen_at: change.timeChosenAt }),
      ...(change.durationMinutes && { duration_minutes: change.durationMinutes }),
      ...(change.location !== undefined && { location: change.location }),
      ...(change.meetingLink !== undefined && { meeting_link: change.meetingLink }),
      status: change.status,
      current_progress: change.currentProgress,
      version: trx.raw('version + 1'),
    });
}

/** Changes made in Acuity; only keys that are set are written. */
export interface AcuityChanges extends PartialDetails {
  startsAt?: Date;
  specialistId?: string;
  timezone?: string;
  durationMinutes?: number;
  type?: Booking['type'];
  location?: string;
  meetingLink?: string;
  detailsNeeded?: boolean;
  answersDigest?: string;
  /** The referrer and organisation of a booking that had none. */
  createdById?: string;
  organizationId?: string;
  /** The examination no longer takes place. */
  ended?: 'cancelled' | 'no_show';
}

/** @param now when a new time counts as chosen */
export async function applyAcuityChanges(
  trx: Transaction,
  id: string,
  set: AcuityChanges,
  progress: Progress | null,
  now: Date,
): Promise<void> {
  const columns = {
    starts_at: set.startsAt,
    time_chosen_at: set.startsAt && now,
    specialist_id: set.specialistId,
    timezone: set.timezone,
    duration_minutes: set.durationMinutes,
    type: set.type,
    location: set.location,
    meeting_link: set.meetingLink,
    ...columnsOf(set),
    details_needed: set.detailsNeeded,
    acuity_answers_digest: set.answersDigest,
    created_by_id: set.createdById,
    organization_id: set.organizationId,
    current_progress: progress ?? undefined,
    status: set.ended === 'cancelled' ? 'cancelled' : undefined,
  };
  const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  await trx('bookings')
    .where({ id })
    .update({ ...given, version: trx.raw('version + 1') });
}

export async function answersDigestOf(db: Queryable, id: string): Promise<string | null> {
  const row = await db('bookings').where({ id }).first('acuity_answers_digest');
  return row?.acuity_answers_digest ?? null;
}

function progressRow(entry: NewProgress) {
  return {
    id: entry.id,
    booking_id: entry.bookingId,
    progress: entry.progress,
    changed_by_id: entry.changedById,
    changed_for_id: entry.changedForId,
    source: entry.source,
    notes: entry.notes,
    moved_from: entry.moved?.from ?? null,
    moved_to: entry.moved?.to ?? null,
  };
}

const insertEntryQuery = prepare<never, ReturnType<typeof progressRow>>('insert progress', (db, row) =>
  // If the person was merged away meanwhile, the entry names the remaining person.
  db('booking_progress').insert({ ...row, changed_by_id: db.raw('merged_into(?)', [row.changed_by_id]) }),
);

export function insertProgressQuery(db: Queryable, entry: NewProgress): Query {
  return insertEntryQuery(db, progressRow(entry));
}

export async function insertProgress(trx: Transaction, entry: NewProgress): Promise<void> {
  await sendTogether(trx, insertProgressQuery(trx, entry));
}

/** The history in JSON, which has no dates: an instant is its milliseconds. */
export interface ProgressInJson extends Omit<ProgressEntry, 'moved' | 'createdAt'> {
  movedFrom: number | null;
  movedTo: number | null;
  createdAt: number;
}

/** For the select list, oldest first. @param bookingId an expression of SQL */
export function progressSql(bookingId: string): string {
  return `
    (select coalesce(json_agg(json_build_object(
        'id', p.id, 'progress', p.progress, 'changedBy', ${personSql('p.changed_by_id')}, 'changedFor', ${personSql('p.changed_for_id')},
        'source', p.source, 'notes', p.notes, 'movedFrom', ${instantSql('p.moved_from')},
        'movedTo', ${instantSql('p.moved_to')}, 'createdAt', ${instantSql('p.created_at')}
      ) order by p.created_at, p.id), '[]')
      from booking_progress p where p.booking_id = ${bookingId})`;
}

/** Milliseconds. */
export function instantSql(column: string): string {
  return `extract(epoch from ${column}) * 1000`;
}

/** Not a join: PostgreSQL would read all people of a small agency for it. */
function personSql(id: string): string {
  return `(select json_build_object('id', u.id, 'name', u.name) from users u where u.id = ${id})`;
}

export function toProgress({ movedFrom, movedTo, createdAt, ...entry }: ProgressInJson): ProgressEntry {
  return {
    ...entry,
    moved: movedFrom && movedTo ? { from: new Date(movedFrom), to: new Date(movedTo) } : null,
    createdAt: new Date(createdAt),
  };
}

/** Oldest first. */
export async function progressOf(db: Queryable, bookingId: string): Promise<ProgressEntry[]> {
  const { rows } = await db.raw<{ rows: [{ progress: ProgressInJson[] }] }>(
    `select ${progressSql('?')} as progress`,
    [bookingId],
  );
  return rows[0].progress.map(toProgress);
}
