// Lists of the daily work.
import {
  answersText,
  detailFilters,
  details,
  isFirstReport,
  nameOf,
  needsReferrer,
  progressSources,
  progressWords,
  searchedBookings,
  sourceWords,
  statusWords,
  type Detail,
} from '../bookings/index.ts';
import { bulkStates, type BulkKind } from '../bulk/index.ts';
import { categoryWords, documentStatuses } from '../documents/index.ts';
import { formatSize } from '../lib/sizes.ts';
import { staffNotesText, unansweredByBooking } from '../messages/index.ts';
import { typeWords } from '../specialists/index.ts';
import { column, filterOnly, health, inGroup, linked, recordOnly, stored, type List } from './columns.ts';
import type { Column } from './table.ts';

const countOf = (rows: string): string => `(select count(*)::int from ${rows} c where c.booking_id = b.id)`;

function detailColumn(detail: Detail): Column {
  const type = detail.input.as === 'day' ? 'date' : 'string';
  const more = { label: detail.label, ...recordOnly, ...(detail.isHealth && health) };
  return column(nameOf(detail), type, `b.${detail.column}`, more);
}

const shownDetails = details.filter(({ inConsole }) => inConsole);
const isOfExaminee = ({ path }: Detail): boolean => path.startsWith('examinee.');

const bookings: List = {
  searched: { words: searchedBookings, hint: 'Name, reference, claim, specialist, organisation' },
  headings: {
    Examinee: [
      'examinee',
      ...shownDetails.filter(isOfExaminee).map(nameOf),
      ...detailFilters().map(({ name }) => name),
    ],
    Appointment: ['startsAt', 'timezone', 'durationMinutes', 'type', 'specialist', 'location', 'meetingLink'],
    Case: [
      'status',
      'currentProgress',
      'organization',
      'referrer',
      'assistedBy',
      ...shownDetails.filter((detail) => !isOfExaminee(detail)).map(nameOf),
      'answers',
      'messages',
      'staffNotes',
    ],
    Acuity: ['acuityAppointmentId', 'source', 'externalCreatedBy'],
  },
  related: [
    { table: 'progress', by: 'bookingId' },
    { table: 'documents', by: 'bookingId' },
    { table: 'emails', by: 'bookingId' },
    { table: 'webhook-events', by: 'appointmentId', holds: 'acuityAppointmentId' },
    { table: 'drift-items', by: 'appointmentId', holds: 'acuityAppointmentId' },
    { table: 'audit', by: 'resourceId' },
  ],
  from: `bookings b left join specialists s on s.id = b.specialist_id
    left join organizations o on o.id = b.organization_id
    left join users cb on cb.id = b.created_by_id left join users cf on cf.id = b.created_for_id`,
  columns: [
    ...stored('b', { reference: 'string' }),
    ...stored('b', { startsAt: 'datetime' }, { zone: 'timezone' }),
    linked('specialist', 'specialists', 's'),
    column('examinee', 'string', `trim(b.examinee_first_name || ' ' || b.examinee_last_name)`, health),
    linked('organization', 'organizations', 'o'),
    ...stored('b', { status: statusWords }),
    ...stored('b', { currentProgress: progressWords }, { label: 'Progress' }),
    ...stored('b', { source: sourceWords }, recordOnly),
    column('assigned', 'boolean', 'b.organization_id is not null', {
      label: 'Has an organisation',
      ...recordOnly,
    }),
    // Tables are constants and have no clock port.
    column('needsReferrer', 'boolean', needsReferrer('b', 'now()'), {
      label: 'Needs a referrer',
      ...recordOnly,
    }),
    ...stored('b', { detailsNeeded: 'boolean', type: typeWords }, recordOnly),
    ...stored('b', { durationMinutes: 'number' }, { label: 'Minutes', ...recordOnly }),
    ...stored('b', { timezone: 'string', location: 'string', meetingLink: 'string' }, recordOnly),
    ...stored('b', { acuityAppointmentId: 'number' }, recordOnly),
    ...shownDetails.map(detailColumn),
    ...detailFilters().map(({ name, label, column: of }) =>
      column(name, 'boolean', `b.${of} is not null`, { label, ...recordOnly }),
    ),
    column('answers', 'string', answersText('b.id'), {
      label: 'Specialist’s questions',
      ...recordOnly,
      ...health,
    }),
    linked('referrer', 'users', 'cb', { label: 'Belongs to (referrer)', ...recordOnly }),
    linked('assistedBy', 'users', 'cf', { label: 'Assisted by (admin)', ...recordOnly }),
    // It may be the examinee, who can book in Acuity, so the address is health information.
    ...stored('b', { externalCreatedBy: 'string' }, { label: 'Made in Acuity by', ...recordOnly, ...health }),
    column('messages', 'number', countOf('booking_messages'), recordOnly),
    column('staffNotes', 'string', staffNotesText('b.id'), { ...recordOnly, ...health }),
    ...stored('b', { version: 'number', createdAt: 'datetime', updatedAt: 'datetime' }, recordOnly),
    column('takesPlace', 'boolean', `b.status <> 'cancelled'`, filterOnly),
    ...stored('b', { specialistId: 'id', organizationId: 'id' }, filterOnly),
    column('referrerId', 'id', 'b.created_by_id', { label: 'Belongs to (referrer)', ...filterOnly }),
  ],
};

/** Bookings with a message of a referrer that nobody has answered. There are few at a time, and an index finds them. */
const unanswered: List = {
  label: 'Unanswered messages',
  singular: 'Unanswered messages',
  sort: { by: 'since', direction: 'asc' },
  from: `(${unansweredByBooking}) m
    join bookings b on b.id = m.booking_id left join organizations o on o.id = b.organization_id`,
  columns: [
    column('id', 'id', 'b.id', recordOnly),
    linked('reference', 'bookings', 'b'),
    column('examinee', 'string', `trim(b.examinee_first_name || ' ' || b.examinee_last_name)`, health),
    linked('organization', 'organizations', 'o'),
    ...stored('m', { since: 'datetime' }, { label: 'Waiting since' }),
    ...stored('m', { messages: 'number' }),
  ],
};

const progress: List = {
  singular: 'Progress entry',
  title: 'progress',
  from: `booking_progress p left join bookings b on b.id = p.booking_id
    left join users cb on cb.id = p.changed_by_id left join users cf on cf.id = p.changed_for_id`,
  columns: [
    linked('booking', 'bookings', 'b'),
    ...stored('p', { progress: progressWords }),
    linked('changedBy', 'users', 'cb'),
    linked('assistedBy', 'users', 'cf'),
    ...stored('p', { source: progressSources }),
    ...stored('p', { notes: 'string' }, { ...recordOnly, ...health }),
    ...stored('p', { movedFrom: 'datetime', movedTo: 'datetime' }, { zone: 'timezone', ...recordOnly }),
    ...stored('b', { timezone: 'string' }, recordOnly),
    ...stored('p', { createdAt: 'datetime' }),
    column('isFirstReport', 'boolean', isFirstReport('p'), filterOnly),
    ...stored('p', { bookingId: 'id' }, filterOnly),
  ],
};

/** Null for categories other than report. */
const releaseOfReport = `case when d.category = 'report'
  then case when d.released_at is null then 'draft' else 'released' end end`;

const documents: List = {
  from: `documents d left join bookings b on b.id = d.booking_id left join users u on u.id = d.uploaded_by_id
    left join users f on f.id = d.uploaded_for_id left join users x on x.id = d.deleted_by_id
    left join users r on r.id = d.released_by_id`,
  columns: [
    ...stored('d', { fileName: 'string' }, health),
    linked('booking', 'bookings', 'b'),
    ...stored('d', { category: categoryWords, status: documentStatuses }),
    column('release', 'enum', releaseOfReport, { words: { draft: 'Draft', released: 'Released' } }),
    ...stored('d', { releasedAt: 'datetime' }, recordOnly),
    linked('releasedBy', 'users', 'r', recordOnly),
    ...stored('d', { mimeType: 'string' }, recordOnly),
    ...stored('d', { sizeBytes: 'number' }, { label: 'Size', shownAs: { words: formatSize, unit: 'bytes' } }),
    ...stored('d', { sha256: 'string' }, { label: 'SHA-256', ...recordOnly }),
    linked('uploadedBy', 'users', 'u'),
    linked('assistedBy', 'users', 'f', recordOnly),
    ...stored('d', { createdAt: 'datetime' }),
    ...stored('d', { deletedAt: 'datetime' }, recordOnly),
    column('isDeleted', 'boolean', 'd.deleted_at is not null', recordOnly),
    linked('deletedBy', 'users', 'x', recordOnly),
    column('bytesRemovedAt', 'datetime', 'd.object_removed_at', recordOnly),
    ...stored('d', { damagedAt: 'datetime' }, recordOnly),
    ...stored('d', { bookingId: 'id' }, filterOnly),
  ],
};

const bulkWords: Record<BulkKind, string> = {
  'bookings/assign': 'Assign referrer',
  'bookings/assign-organization': 'Assign organisation only',
  'emails/send-again': 'Send e-mails again',
  'webhook-events/replay': 'Replay webhooks',
  'drift-items/close': 'Close differences',
};
const itemsOf = (condition: string): string =>
  `(select count(*)::int from bulk_items i where i.bulk_action_id = k.id and ${condition})`;
/** Bulk actions that have begun, so that whoever left the page of one finds it again. */
const bulkActions: List = {
  whenEmpty: 'Begin one in a list: for the records that you select there, or for all that match its filters.',
  from: 'bulk_actions k join users u on u.id = k.made_by_id where k.begun_at is not null',
  columns: [
    ...stored('k', { kind: bulkWords }, { label: 'Action' }),
    ...stored('k', { state: bulkStates }),
    linked('madeBy', 'users', 'u', { label: 'Begun by' }),
    column('done', 'number', itemsOf(`i.state = 'done'`)),
    column('skipped', 'number', itemsOf(`i.state = 'skipped'`)),
    column('waiting', 'number', itemsOf(`i.state = 'waiting'`), { label: 'Left', ...recordOnly }),
    ...stored('k', { begunAt: 'datetime', endedAt: 'datetime' }),
  ],
};

export const workLists = inGroup('Work', 'staff', {
  bookings,
  unanswered,
  progress,
  documents,
  'bulk-actions': bulkActions,
});
