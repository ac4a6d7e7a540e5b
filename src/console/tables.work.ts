// Lists of the daily work.
import {
  detailFilters,
  details,
  nameOf,
  needsReferrer,
  progressSources,
  progressWords,
  statusWords,
  type Detail,
} from '../bookings/index.ts';
import { categoryWords, documentStatuses } from '../documents/index.ts';
import { typeWords } from '../specialists/index.ts';
import { column, counts, health, link, oneOf, record, sourceWords, spelledOut, to } from './columns.ts';
import type { Column, Table } from './table.ts';

const countOf = (rows: string): string => `(select count(*)::int from ${rows} c where c.booking_id = b.id)`;

function detailColumn(detail: Detail): Column {
  const type = detail.input.as === 'day' ? 'date' : 'string';
  const more = { label: detail.label, ...record, ...(detail.isHealth && health) };
  return column(nameOf(detail), type, `b.${detail.column}`, more);
}

/** The newest answers to Acuity's own questions, a line each. */
const currentAnswers = `array_to_string(array(
  select concat_ws(': ', nullif(answer ->> 'label', ''), case jsonb_typeof(answer -> 'value')
    when 'array' then array_to_string(array(select jsonb_array_elements_text(answer -> 'value')), ', ')
    else answer ->> 'value' end)
  from (select k.answers from booking_answers k where k.booking_id = b.id
        order by k.created_at desc, k.id desc limit 1) newest
  cross join lateral jsonb_array_elements(newest.answers) answer), E'\\n')`;

export const bookings: Table = {
  id: 'bookings',
  label: 'Bookings',
  one: 'Booking',
  group: 'Work',
  who: 'staff',
  title: 'reference',
  // The same as on /bookings, with its index.
  searched: { sql: 'b.search_text', hint: 'Reference, name or claim number' },
  sort: { by: 'startsAt', direction: 'desc' },
  from: `bookings b join specialists s on s.id = b.specialist_id
    left join organizations o on o.id = b.organization_id
    left join users cb on cb.id = b.created_by_id left join users cf on cf.id = b.created_for_id`,
  columns: [
    column('id', 'id', 'b.id', record),
    column('reference', 'string', 'b.reference'),
    column('startsAt', 'datetime', 'b.starts_at', { zone: 'timezone' }),
    column('specialist', 'string', 's.name', to('specialists', 's.id')),
    column('examinee', 'string', `ltrim(b.examinee_first_name || ' ' || b.examinee_last_name)`, health),
    column('organization', 'string', 'o.name', { label: 'Organisation', ...to('organizations', 'o.id') }),
    oneOf('status', 'b.status', statusWords),
    oneOf('currentProgress', 'b.current_progress', progressWords, { label: 'Progress' }),
    oneOf('source', 'b.source', sourceWords, record),
    column('assigned', 'boolean', 'b.organization_id is not null', record),
    column('needsReferrer', 'boolean', needsReferrer('b'), { label: 'Needs a referrer', ...record }),
    column('detailsNeeded', 'boolean', 'b.details_needed', record),
    oneOf('type', 'b.type', typeWords, record),
    column('durationMinutes', 'number', 'b.duration_minutes', { label: 'Minutes', ...record }),
    column('timezone', 'string', 'b.timezone', { label: 'Time zone', ...record }),
    column('location', 'string', 'b.location', record),
    column('meetingLink', 'string', 'b.meeting_link', record),
    column('acuityAppointmentId', 'number', 'b.acuity_appointment_id', record),
    ...details.filter(({ inConsole }) => inConsole).map(detailColumn),
    ...detailFilters().map(({ name, label, column: of }) =>
      column(name, 'boolean', `b.${of} is not null`, { label, ...record }),
    ),
    column('answers', 'string', currentAnswers, { label: 'Specialist’s questions', ...record, ...health }),
    column('referrer', 'string', 'cb.name', {
      label: 'Belongs to (referrer)',
      ...record,
      ...to('users', 'cb.id'),
    }),
    column('assistedBy', 'string', 'cf.name', {
      label: 'Assisted by (admin)',
      ...record,
      ...to('users', 'cf.id'),
    }),
    // The clinic's staff, or whoever booked there: the person examined may have.
    column('externalCreatedBy', 'string', 'b.external_created_by', {
      label: 'Made in Acuity by',
      ...record,
      ...health,
    }),
    column('documents', 'number', countOf('documents'), { ...record, ...counts('documents', 'bookingId') }),
    column('steps', 'number', countOf('booking_progress'), {
      label: 'Steps of progress',
      ...record,
      ...counts('progress', 'bookingId'),
    }),
    column('version', 'number', 'b.version', record),
    column('createdAt', 'datetime', 'b.created_at', record),
    column('updatedAt', 'datetime', 'b.updated_at', record),
    column('takesPlace', 'boolean', `b.status <> 'cancelled'`, link),
    column('specialistId', 'id', 'b.specialist_id', { label: 'Specialist', ...link }),
    column('organizationId', 'id', 'b.organization_id', { label: 'Organisation', ...link }),
    column('referrerId', 'id', 'b.created_by_id', { label: 'Belongs to (referrer)', ...link }),
  ],
};

export const progress: Table = {
  id: 'progress',
  label: 'Progress',
  one: 'Step of progress',
  group: 'Work',
  who: 'staff',
  title: 'progress',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `booking_progress p join bookings b on b.id = p.booking_id
    left join users cb on cb.id = p.changed_by_id left join users cf on cf.id = p.changed_for_id`,
  columns: [
    column('id', 'id', 'p.id', record),
    column('booking', 'string', 'b.reference', to('bookings', 'b.id')),
    oneOf('progress', 'p.progress', progressWords),
    column('changedBy', 'string', 'cb.name', to('users', 'cb.id')),
    column('assistedBy', 'string', 'cf.name', to('users', 'cf.id')),
    oneOf('source', 'p.source', spelledOut(progressSources)),
    column('notes', 'string', 'p.notes', { ...record, ...health }),
    column('createdAt', 'datetime', 'p.created_at'),
    column('bookingId', 'id', 'p.booking_id', { label: 'Booking', ...link }),
  ],
};

/** Null: no report. */
const releaseOfReport = `case when d.category = 'report'
  then case when d.released_at is null then 'draft' else 'released' end end`;

export const documents: Table = {
  id: 'documents',
  label: 'Documents',
  one: 'Document',
  group: 'Work',
  who: 'staff',
  title: 'fileName',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `documents d join bookings b on b.id = d.booking_id join users u on u.id = d.uploaded_by_id
    left join users f on f.id = d.uploaded_for_id left join users x on x.id = d.deleted_by_id
    left join users r on r.id = d.released_by_id`,
  columns: [
    column('id', 'id', 'd.id', record),
    column('fileName', 'string', 'd.file_name', health),
    column('booking', 'string', 'b.reference', to('bookings', 'b.id')),
    oneOf('category', 'd.category', categoryWords),
    oneOf('status', 'd.status', spelledOut(documentStatuses)),
    oneOf('release', releaseOfReport, spelledOut(['draft', 'released'])),
    column('releasedAt', 'datetime', 'd.released_at', record),
    column('releasedBy', 'string', 'r.name', { ...record, ...to('users', 'r.id') }),
    column('mimeType', 'string', 'd.mime_type', record),
    column('sizeBytes', 'number', 'd.size_bytes'),
    column('sha256', 'string', 'd.sha256', { label: 'SHA-256', ...record }),
    column('uploadedBy', 'string', 'u.name', to('users', 'u.id')),
    column('assistedBy', 'string', 'f.name', { ...record, ...to('users', 'f.id') }),
    column('createdAt', 'datetime', 'd.created_at'),
    column('deletedAt', 'datetime', 'd.deleted_at', record),
    column('isDeleted', 'boolean', 'd.deleted_at is not null', { label: 'Deleted', ...record }),
    column('deletedBy', 'string', 'x.name', { ...record, ...to('users', 'x.id') }),
    column('bytesRemovedAt', 'datetime', 'd.object_removed_at', record),
    column('damagedAt', 'datetime', 'd.damaged_at', record),
    column('bookingId', 'id', 'd.booking_id', { label: 'Booking', ...link }),
  ],
};
