// Lists of the daily work.
import {
  detailFilters,
  details,
  nameOf,
  needsReferrer,
  progressSources,
  progressWords,
  searchedBookings,
  statusWords,
  type Detail,
} from '../bookings/index.ts';
import { bulkStates, type BulkKind } from '../bulk/index.ts';
import { categoryWords, documentStatuses } from '../documents/index.ts';
import { formatSize } from '../lib/sizes.ts';
import { typeWords } from '../specialists/index.ts';
import {
  column,
  enumeration,
  filterOnly,
  health,
  inGroup,
  linked,
  ofBooking,
  recordOnly,
  sourceWords,
  spelledOut,
  type List,
} from './columns.ts';
import type { Column } from './table.ts';

const countOf = (rows: string): string => `(select count(*)::int from ${rows} c where c.booking_id = b.id)`;

function detailColumn(detail: Detail): Column {
  const type = detail.input.as === 'day' ? 'date' : 'string';
  const more = { label: detail.label, ...recordOnly, ...(detail.isHealth && health) };
  return column(nameOf(detail), type, `b.${detail.column}`, more);
}

/** The latest answers to Acuity's questions, one a line. */
const currentAnswers = `array_to_string(array(
  select concat_ws(': ', nullif(answer ->> 'label', ''), case jsonb_typeof(answer -> 'value')
    when 'array' then array_to_string(array(select jsonb_array_elements_text(answer -> 'value')), ', ')
    else answer ->> 'value' end)
  from (select k.answers from booking_answers k where k.booking_id = b.id
        order by k.created_at desc, k.id desc limit 1) newest
  cross join lateral jsonb_array_elements(newest.answers) answer), E'\\n')`;

/** Newest first, one a line. */
const staffNotes = `(select string_agg(concat_ws(': ', u.name, n.body), E'\\n' order by n.created_at desc, n.id desc)
  from staff_notes n join users u on u.id = n.written_by_id where n.booking_id = b.id)`;

const shownDetails = details.filter(({ inConsole }) => inConsole);
const isOfExaminee = ({ path }: Detail): boolean => path.startsWith('examinee.');

const bookings: List = {
  id: 'bookings',
  label: 'Bookings',
  title: 'reference',
  searched: { words: searchedBookings, hint: 'Name, reference, claim, specialist, organisation' },
  sort: { by: 'startsAt', direction: 'desc' },
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
    column('reference', 'string', 'b.reference'),
    column('startsAt', 'datetime', 'b.starts_at', { zone: 'timezone' }),
    linked('specialist', 'specialists', 's'),
    column('examinee', 'string', `trim(b.examinee_first_name || ' ' || b.examinee_last_name)`, health),
    linked('organization', 'organizations', 'o', { label: 'Organisation' }),
    enumeration('status', 'b.status', statusWords),
    enumeration('currentProgress', 'b.current_progress', progressWords, { label: 'Progress' }),
    enumeration('source', 'b.source', sourceWords, recordOnly),
    column('assigned', 'boolean', 'b.organization_id is not null', recordOnly),
    column('needsReferrer', 'boolean', needsReferrer('b'), { label: 'Needs a referrer', ...recordOnly }),
    column('detailsNeeded', 'boolean', 'b.details_needed', recordOnly),
    enumeration('type', 'b.type', typeWords, recordOnly),
    column('durationMinutes', 'number', 'b.duration_minutes', { label: 'Minutes', ...recordOnly }),
    column('timezone', 'string', 'b.timezone', { label: 'Time zone', ...recordOnly }),
    column('location', 'string', 'b.location', recordOnly),
    column('meetingLink', 'string', 'b.meeting_link', recordOnly),
    column('acuityAppointmentId', 'number', 'b.acuity_appointment_id', recordOnly),
    ...shownDetails.map(detailColumn),
    ...detailFilters().map(({ name, label, column: of }) =>
      column(name, 'boolean', `b.${of} is not null`, { label, ...recordOnly }),
    ),
    column('answers', 'string', currentAnswers, {
      label: 'Specialist’s questions',
      ...recordOnly,
      ...health,
    }),
    linked('referrer', 'users', 'cb', { label: 'Belongs to (referrer)', ...recordOnly }),
    linked('assistedBy', 'users', 'cf', { label: 'Assisted by (admin)', ...recordOnly }),
    // May be the examinee, who can book in Acuity: health information.
    column('externalCreatedBy', 'string', 'b.external_created_by', {
      label: 'Made in Acuity by',
      ...recordOnly,
      ...health,
    }),
    column('messages', 'number', countOf('booking_messages'), recordOnly),
    column('staffNotes', 'string', staffNotes, { label: 'Staff notes', ...recordOnly, ...health }),
    column('version', 'number', 'b.version', recordOnly),
    column('createdAt', 'datetime', 'b.created_at', recordOnly),
    column('updatedAt', 'datetime', 'b.updated_at', recordOnly),
    column('takesPlace', 'boolean', `b.status <> 'cancelled'`, filterOnly),
    column('specialistId', 'id', 'b.specialist_id', { label: 'Specialist', ...filterOnly }),
    column('organizationId', 'id', 'b.organization_id', { label: 'Organisation', ...filterOnly }),
    column('referrerId', 'id', 'b.created_by_id', { label: 'Belongs to (referrer)', ...filterOnly }),
  ],
};

/** Bookings about which a referrer wrote, and whom nobody has answered; few at a time, found by an index. */
const unanswered: List = {
  id: 'unanswered',
  label: 'Unanswered messages',
  singular: 'Unanswered messages',
  title: 'reference',
  sort: { by: 'since', direction: 'asc' },
  from: `(select booking_id, min(created_at) as since, count(*)::int as messages from booking_messages
      where not is_from_staff and answered_at is null group by booking_id) m
    join bookings b on b.id = m.booking_id left join organizations o on o.id = b.organization_id`,
  columns: [
    column('id', 'id', 'b.id', recordOnly),
    linked('reference', 'bookings', 'b'),
    column('examinee', 'string', `trim(b.examinee_first_name || ' ' || b.examinee_last_name)`, health),
    linked('organization', 'organizations', 'o', { label: 'Organisation' }),
    column('since', 'datetime', 'm.since', { label: 'Waiting since' }),
    column('messages', 'number', 'm.messages'),
  ],
};

const isFirstReport = `p.progress = 'report_generated' and not exists (select from booking_progress e
  where e.booking_id = p.booking_id and e.progress = 'report_generated' and (e.created_at, e.id) < (p.created_at, p.id))`;
const progress: List = {
  id: 'progress',
  label: 'Progress',
  singular: 'Progress entry',
  title: 'progress',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `booking_progress p left join bookings b on b.id = p.booking_id
    left join users cb on cb.id = p.changed_by_id left join users cf on cf.id = p.changed_for_id`,
  columns: [
    linked('booking', 'bookings', 'b'),
    enumeration('progress', 'p.progress', progressWords),
    linked('changedBy', 'users', 'cb'),
    linked('assistedBy', 'users', 'cf'),
    enumeration('source', 'p.source', spelledOut(progressSources)),
    column('notes', 'string', 'p.notes', { ...recordOnly, ...health }),
    column('movedFrom', 'datetime', 'p.moved_from', { zone: 'timezone', ...recordOnly }),
    column('movedTo', 'datetime', 'p.moved_to', { zone: 'timezone', ...recordOnly }),
    column('timezone', 'string', 'b.timezone', recordOnly),
    column('createdAt', 'datetime', 'p.created_at'),
    column('isFirstReport', 'boolean', isFirstReport, { label: 'First report', ...filterOnly }),
    column('bookingId', 'id', 'p.booking_id', ofBooking),
  ],
};

/** Null for categories other than report. */
const releaseOfReport = `case when d.category = 'report'
  then case when d.released_at is null then 'draft' else 'released' end end`;

const documents: List = {
  id: 'documents',
  label: 'Documents',
  title: 'fileName',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `documents d left join bookings b on b.id = d.booking_id left join users u on u.id = d.uploaded_by_id
    left join users f on f.id = d.uploaded_for_id left join users x on x.id = d.deleted_by_id
    left join users r on r.id = d.released_by_id`,
  columns: [
    column('fileName', 'string', 'd.file_name', health),
    linked('booking', 'bookings', 'b'),
    enumeration('category', 'd.category', categoryWords),
    enumeration('status', 'd.status', spelledOut(documentStatuses)),
    enumeration('release', releaseOfReport, spelledOut(['draft', 'released'])),
    column('releasedAt', 'datetime', 'd.released_at', recordOnly),
    linked('releasedBy', 'users', 'r', recordOnly),
    column('mimeType', 'string', 'd.mime_type', recordOnly),
    column('sizeBytes', 'number', 'd.size_bytes', {
      label: 'Size',
      shownAs: { words: formatSize, unit: 'bytes' },
    }),
    column('sha256', 'string', 'd.sha256', { label: 'SHA-256', ...recordOnly }),
    linked('uploadedBy', 'users', 'u'),
    linked('assistedBy', 'users', 'f', recordOnly),
    column('createdAt', 'datetime', 'd.created_at'),
    column('deletedAt', 'datetime', 'd.deleted_at', recordOnly),
    column('isDeleted', 'boolean', 'd.deleted_at is not null', { label: 'Deleted', ...recordOnly }),
    linked('deletedBy', 'users', 'x', recordOnly),
    column('bytesRemovedAt', 'datetime', 'd.object_removed_at', recordOnly),
    column('damagedAt', 'datetime', 'd.damaged_at', recordOnly),
    column('bookingId', 'id', 'd.booking_id', ofBooking),
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
/** Those that have begun: whoever left the page of one finds it again. */
const bulkActions: List = {
  id: 'bulk-actions',
  label: 'Bulk actions',
  title: 'kind',
  whenEmpty: 'Begin one in a list: for the records that you select there, or for all that match its filters.',
  sort: { by: 'begunAt', direction: 'desc' },
  from: 'bulk_actions k join users u on u.id = k.made_by_id where k.begun_at is not null',
  columns: [
    enumeration('kind', 'k.kind', bulkWords, { label: 'Action' }),
    enumeration('state', 'k.state', spelledOut(bulkStates)),
    linked('madeBy', 'users', 'u', { label: 'Begun by' }),
    column('done', 'number', itemsOf(`i.state = 'done'`)),
    column('skipped', 'number', itemsOf(`i.state = 'skipped'`)),
    column('waiting', 'number', itemsOf(`i.state = 'waiting'`), { label: 'Left', ...recordOnly }),
    column('begunAt', 'datetime', 'k.begun_at'),
    column('endedAt', 'datetime', 'k.ended_at'),
  ],
};

export const workLists = inGroup('Work', 'staff', [bookings, unanswered, progress, documents, bulkActions]);
