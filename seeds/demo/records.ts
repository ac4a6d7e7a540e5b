// Our side of the story: bookings with the history, documents, messages and audit rows that they would have by now.
import { systemIds } from '../../src/adapters/system-ids.ts';
import {
  answersOf,
  lacksDetails,
  type BookingDetails,
  type IntakeFields,
  type Progress,
} from '../../src/bookings/index.ts';
import type { Transaction } from '../../src/db/knex.ts';
import type { Appointment } from '../../src/ports/acuity.ts';
import { answersTo, receptionist } from './appointments.ts';
import { writeDocuments } from './documents.ts';
import { writeEmails } from './emails.ts';
import { settleNewsOfMessages, writeMessages } from './messages.ts';
import type { Examination, Story } from './examinations.ts';
import { intakeFields } from './intake.ts';
import { writeNews } from './news.ts';
import { writeProfiles } from './profiles.ts';
import { writeAudit, writeDifference, writeEpisode } from './oversight.ts';
import { everybody, keyOf, personOf, type PersonKey } from './people.ts';
import {
  emailOf,
  minute,
  need,
  type Context,
  type Event,
  type Ids,
  type Rows,
  type StoryDeps,
} from './rows.ts';

const written = [
  'bookings',
  'booking_progress',
  'documents',
  'emails',
  'booking_reminders',
  'booking_messages',
  'booking_message_reads',
  'staff_notes',
] as const;

export async function writeStory(trx: Transaction, story: Story, deps: StoryDeps): Promise<void> {
  const people = await idsBy(trx, 'users', 'email');
  const organizations = await idsBy(trx, 'organizations', 'slug');
  const specialists = await idsBy(trx, 'specialists', 'acuity_calendar_id');
  const idOf = (key: PersonKey): string => need(people, emailOf(key));
  const rows: Rows = {
    bookings: [],
    booking_progress: [],
    documents: [],
    emails: [],
    booking_reminders: [],
    booking_messages: [],
    booking_message_reads: [],
    staff_notes: [],
    events: [],
  };
  await writeEpisode(trx, story, idOf, rows);
  for (const one of story.examinations) {
    await tell(one, {
      rows,
      deps,
      idOf,
      organizations,
      specialistId: need(specialists, String(one.calendar.id)),
    });
  }
  for (const table of written) await trx.batchInsert(table, rows[table], 100);
  await writeNews(trx, story, deps.now, idOf);
  await settleNewsOfMessages(trx);
  await writeDifference(trx, story, deps.now);
  await writeProfiles(trx, specialists, deps);
  await writeAudit(trx, rows, idOf);
  await trx('user_activity').insert(
    everybody.map((person, index) => ({
      user_id: idOf(keyOf(person)),
      last_active_at: new Date(story.episode.startedAt.getTime() - index * 7 * 60 * minute),
    })),
  );
}

async function idsBy(
  trx: Transaction,
  table: 'users' | 'organizations' | 'specialists',
  key: string,
): Promise<Ids> {
  const found = (await trx(table).select('id', key)) as Record<string, unknown>[];
  return new Map(found.map((row) => [String(row[key]), String(row.id)]));
}

async function tell(one: Examination, context: Context): Promise<void> {
  const { rows, idOf } = context;
  const { row } = one;
  const id = systemIds.uuid();
  const isPortal = typeof row.by === 'string';
  const referrer = referrerOf(row.by);
  const byReferrer = (at: Date): Pick<Event, 'at' | 'actor' | 'actingAs'> =>
    row.acting ? { at, actor: row.acting, actingAs: referrer ?? undefined } : { at, actor: referrer };
  const booking = bookingRow(one, id, context);
  rows.bookings.push(booking);

  const progress = (
    at: Date,
    to: Progress,
    by: 'referrer' | 'clinic' | 'staff',
    more: { from?: Progress; moved?: { from: Date; to: Date } } = {},
  ) => {
    const changedBy = by === 'staff' ? 'sam' : by === 'referrer' ? referrer : null;
    rows.booking_progress.push({
      id: systemIds.uuid(),
      booking_id: id,
      progress: to,
      changed_by_id: changedBy && idOf(changedBy),
      changed_for_id: by === 'referrer' && row.acting ? idOf(row.acting) : null,
      source: by === 'clinic' ? 'acuity' : 'portal',
      notes: '',
      created_at: at,
      moved_from: more.moved?.from ?? null,
      moved_to: more.moved?.to ?? null,
    });
    if (to === 'scheduled') return;
    const who =
      by === 'staff'
        ? { at, actor: 'sam' as const }
        : by === 'referrer'
          ? byReferrer(at)
          : { at, actor: null };
    const action = to === 'rescheduled' || to === 'cancelled' ? `booking.${to}` : 'booking.progressed';
    const metadata =
      action === 'booking.progressed'
        ? { from: more.from, to }
        : { source: by === 'clinic' ? 'acuity' : 'portal' };
    rows.events.push({ ...who, action, resource: ['booking', id], metadata });
  };

  rows.events.push({
    ...(isPortal ? byReferrer(one.bookedAt) : { at: one.bookedAt, actor: null }),
    action: 'booking.created',
    resource: ['booking', id],
    metadata: isPortal
      ? { acuityAppointmentId: one.appointmentId }
      : { acuityAppointmentId: one.appointmentId, source: 'acuity', isAssigned: referrer !== null },
  });
  progress(one.bookedAt, 'scheduled', isPortal ? 'referrer' : 'clinic');
  if (one.moved && row.moved)
    progress(one.moved.at, 'rescheduled', row.moved.by, {
      moved: { from: one.moved.from, to: one.startsAt },
    });
  if (one.cancelledAt && row.cancelled) progress(one.cancelledAt, 'cancelled', row.cancelled.by);
  const before = one.moved ? 'rescheduled' : 'scheduled';
  if (row.stage === 'no_show')
    progress(new Date(one.startsAt.getTime() + 40 * minute), 'no_show', 'clinic', { from: before });
  if (one.writingSince) progress(one.writingSince, 'generating_report', 'staff', { from: before });
  if (one.reportedAt) progress(one.reportedAt, 'report_generated', 'staff', { from: 'generating_report' });
  if (one.paidAt) progress(one.paidAt, 'payment_received', 'staff', { from: 'report_generated' });

  if (referrer) {
    writeEmails(one, id, referrer, context);
    writeMessages(one, id, referrer, context);
    await writeDocuments(one, id, referrer, context);
  }
}

function referrerOf(by: Examination['row']['by']): PersonKey | null {
  if (typeof by === 'string') return by;
  return typeof by.clinic === 'string' ? by.clinic : null;
}

const stages = {
  planned: { status: 'active', progress: 'scheduled' },
  cancelled: { status: 'cancelled', progress: 'cancelled' },
  no_show: { status: 'active', progress: 'no_show' },
  writing: { status: 'active', progress: 'generating_report' },
  reported: { status: 'active', progress: 'report_generated' },
  paid: { status: 'closed', progress: 'payment_received' },
} as const;

function bookingRow(one: Examination, id: string, context: Context): Record<string, unknown> {
  const { row } = one;
  const { deps, idOf, organizations, specialistId } = context;
  const referrer = referrerOf(row.by);
  const isPortal = typeof row.by === 'string';
  const slug = referrer && personOf(referrer).organization?.slug;
  const [firstName, lastName, dateOfBirth] = row.examinee;
  const { status, progress } = stages[row.stage];
  const changedAt =
    one.paidAt ?? one.reportedAt ?? one.writingSince ?? one.cancelledAt ?? one.moved?.at ?? one.bookedAt;
  const details: BookingDetails = {
    examinee: {
      firstName,
      lastName,
      phone: one.phone,
      email: one.email,
      dateOfBirth,
      interpreterLanguage: row.interpreter ?? null,
    },
    claimNumber: row.claim,
    notes: row.notes ?? '',
  };
  const external = typeof row.by === 'string' ? null : receptionist;
  return {
    id,
    reference: one.reference,
    acuity_appointment_id: one.appointmentId,
    specialist_id: specialistId,
    organization_id: slug ? need(organizations, slug) : null,
    created_by_id: referrer && idOf(referrer),
    created_for_id: row.acting ? idOf(row.acting) : null,
    examinee_first_name: firstName,
    examinee_last_name: lastName,
    examinee_phone: one.phone,
    examinee_email: one.email,
    examinee_date_of_birth: dateOfBirth,
    interpreter_language: details.examinee.interpreterLanguage,
    claim_number: row.claim,
    notes: details.notes,
    starts_at: one.startsAt,
    duration_minutes: one.durationMinutes,
    timezone: one.calendar.timezone,
    type: one.type,
    location: one.location,
    meeting_link: one.meetingLink,
    status,
    current_progress: progress === 'scheduled' && one.moved ? 'rescheduled' : progress,
    source: isPortal ? 'portal' : 'acuity_direct',
    external_created_by: external,
    details_needed: !isPortal && lacksDetails(details),
    acuity_answers_digest: deps.digests.of(answersDigest(one)),
    created_at: one.bookedAt,
    updated_at: changedAt,
  };
}

/** Of the answers that the appointment has in Acuity, so that later corrections made here stay. */
function answersDigest(one: Examination): string {
  const fields = new Map(Object.entries(intakeFields)) as IntakeFields;
  const appointment: Pick<Appointment, 'answers'> = { answers: new Map(answersTo(one)) };
  return answersOf(appointment as Appointment, fields).digest;
}
