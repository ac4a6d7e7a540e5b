// Every list of the console.
import { auditActions } from '../audit/index.ts';
import { bookingStatuses, progresses } from '../bookings/index.ts';
import type { Column, ColumnType, Table } from './table.ts';

type More = Partial<Omit<Column, 'name' | 'type'>>;
const column = (name: string, type: ColumnType, sql: string, more: More = {}): Column => ({
  ...{ name, type, sql },
  ...more,
});
const oneOf = (name: string, sql: string, values: readonly string[], more: More = {}): Column =>
  column(name, 'enum', sql, { values, ...more });
const record: More = { shown: 'record' };
const health: More = { isHealth: true };
const types = ['in_person', 'telehealth'];

const bookings: Table = {
  ...{ id: 'bookings', label: 'Bookings', group: 'Work', who: 'staff', title: 'reference' },
  sort: { by: 'startsAt', direction: 'desc' },
  from: `bookings b join specialists s on s.id = b.specialist_id
    left join organizations o on o.id = b.organization_id
    left join users cb on cb.id = b.created_by_id left join users cf on cf.id = b.created_for_id`,
  columns: [
    column('id', 'id', 'b.id', record),
    column('reference', 'string', 'b.reference'),
    column('startsAt', 'datetime', 'b.starts_at'),
    column('specialist', 'string', 's.name'),
    column('examinee', 'string', `b.examinee_first_name || ' ' || b.examinee_last_name`, health),
    column('organization', 'string', 'o.name', { label: 'Organisation' }),
    oneOf('status', 'b.status', bookingStatuses),
    oneOf('currentProgress', 'b.current_progress', progresses, { label: 'Progress' }),
    oneOf('source', 'b.source', ['portal', 'acuity_direct'], record),
    column('assigned', 'boolean', 'b.organization_id is not null', record),
    column('detailsNeeded', 'boolean', 'b.details_needed', record),
    oneOf('type', 'b.type', types, record),
    column('durationMinutes', 'number', 'b.duration_minutes', record),
    column('timezone', 'string', 'b.timezone', record),
    column('location', 'string', 'b.location', record),
    column('meetingLink', 'string', 'b.meeting_link', record),
    column('acuityAppointmentId', 'number', 'b.acuity_appointment_id', record),
    column('phone', 'string', 'b.examinee_phone', { ...record, ...health }),
    column('email', 'string', 'b.examinee_email', { ...record, ...health }),
    column('dateOfBirth', 'date', 'b.examinee_date_of_birth', { ...record, ...health }),
    column('claimNumber', 'string', 'b.claim_number', { ...record, ...health }),
    column('notes', 'string', 'b.notes', { ...record, ...health }),
    column('referrer', 'string', 'cb.name', { label: 'Belongs to (referrer)', ...record }),
    column('assistedBy', 'string', 'cf.name', { label: 'Assisted by (admin)', ...record }),
    column('externalCreatedBy', 'string', 'b.external_created_by', { label: 'Made in Acuity by', ...record }),
    column('version', 'number', 'b.version', record),
    column('createdAt', 'datetime', 'b.created_at', record),
    column('updatedAt', 'datetime', 'b.updated_at', record),
  ],
};

const progress: Table = {
  ...{ id: 'progress', label: 'Progress', group: 'Work', who: 'staff', title: 'progress' },
  sort: { by: 'createdAt', direction: 'desc' },
  from: `booking_progress p join bookings b on b.id = p.booking_id
    left join users cb on cb.id = p.changed_by_id left join users cf on cf.id = p.changed_for_id`,
  columns: [
    column('id', 'id', 'p.id', record),
    column('booking', 'string', 'b.reference'),
    oneOf('progress', 'p.progress', progresses),
    column('changedBy', 'string', 'cb.name'),
    column('assistedBy', 'string', 'cf.name'),
    oneOf('source', 'p.source', ['portal', 'acuity', 'reconciliation']),
    column('notes', 'string', 'p.notes', { ...record, ...health }),
    column('createdAt', 'datetime', 'p.created_at'),
  ],
};

const documents: Table = {
  ...{ id: 'documents', label: 'Documents', group: 'Work', who: 'staff', title: 'fileName' },
  sort: { by: 'createdAt', direction: 'desc' },
  from: `documents d join bookings b on b.id = d.booking_id join users u on u.id = d.uploaded_by_id
    left join users f on f.id = d.uploaded_for_id left join users x on x.id = d.deleted_by_id`,
  columns: [
    column('id', 'id', 'd.id', record),
    column('fileName', 'string', 'd.file_name', health),
    column('booking', 'string', 'b.reference'),
    oneOf('category', 'd.category', ['consent_form', 'brief', 'report', 'dictation', 'other']),
    oneOf('status', 'd.status', ['checking', 'clean', 'infected', 'not_scanned']),
    column('mimeType', 'string', 'd.mime_type', record),
    column('sizeBytes', 'number', 'd.size_bytes'),
    column('sha256', 'string', 'd.sha256', record),
    column('uploadedBy', 'string', 'u.name'),
    column('assistedBy', 'string', 'f.name', record),
    column('createdAt', 'datetime', 'd.created_at'),
    column('deletedAt', 'datetime', 'd.deleted_at', record),
    column('deletedBy', 'string', 'x.name', record),
    column('bytesRemovedAt', 'datetime', 'd.object_removed_at', record),
    column('damagedAt', 'datetime', 'd.damaged_at', record),
  ],
};

const specialists: Table = {
  ...{ id: 'specialists', label: 'Specialists', group: 'People', who: 'staff', title: 'name' },
  sort: { by: 'position', direction: 'asc' },
  from: 'specialists s',
  columns: [
    column('id', 'id', 's.id', record),
    column('name', 'string', 's.name'),
    column('title', 'string', 's.title', record),
    column('specialty', 'string', 's.specialty'),
    column('location', 'string', 's.location'),
    column('timezone', 'string', 's.timezone'),
    column('isActive', 'boolean', 's.is_active', { label: 'Active' }),
    column('position', 'number', 's.position', record),
    column('acuityCalendarId', 'number', 's.acuity_calendar_id', record),
    column('createdAt', 'datetime', 's.created_at', record),
    column('updatedAt', 'datetime', 's.updated_at', record),
  ],
};

const services: Table = {
  ...{ id: 'services', label: 'Services', group: 'People', who: 'staff', title: 'specialist' },
  sort: { by: 'specialist', direction: 'asc' },
  from: 'specialist_services v join specialists s on s.id = v.specialist_id',
  columns: [
    column('id', 'string', `v.specialist_id || ':' || v.type`, record),
    column('specialist', 'string', 's.name'),
    oneOf('type', 'v.type', types),
    column('acuityAppointmentTypeId', 'number', 'v.acuity_appointment_type_id'),
    column('durationMinutes', 'number', 'v.duration_minutes'),
  ],
};

const organizations: Table = {
  ...{ id: 'organizations', label: 'Organisations', group: 'People', who: 'staff', title: 'name' },
  sort: { by: 'name', direction: 'asc' },
  from: 'organizations o',
  columns: [
    column('id', 'id', 'o.id', record),
    column('name', 'string', 'o.name'),
    column(
      'members',
      'number',
      '(select count(*)::int from members m join users u on u.id = m.user_id where m.organization_id = o.id and not u.banned)',
    ),
    column('bookings', 'number', '(select count(*)::int from bookings b where b.organization_id = o.id)'),
    column('createdAt', 'datetime', 'o.created_at'),
  ],
};

const users: Table = {
  ...{ id: 'users', label: 'Users', group: 'People', who: 'admin', title: 'name' },
  sort: { by: 'name', direction: 'asc' },
  from: 'users u left join members m on m.user_id = u.id left join organizations o on o.id = m.organization_id',
  columns: [
    column('id', 'id', 'u.id', record),
    column('name', 'string', 'u.name'),
    column('email', 'string', 'u.email'),
    oneOf('role', 'u.role', ['referrer', 'support', 'admin']),
    column('organization', 'string', 'o.name', { label: 'Organisation' }),
    column('isActive', 'boolean', 'not u.banned', { label: 'Active' }),
    column('twoFactor', 'boolean', 'u.two_factor_enabled', { label: 'Two-step sign-in' }),
    column(
      'lastSeenAt',
      'datetime',
      '(select max(n.last_seen_at) from sessions n where n.user_id = u.id and n.impersonated_by is null)',
      record,
    ),
    column('createdAt', 'datetime', 'u.created_at', record),
  ],
};

const auditLog: Table = {
  ...{ id: 'audit', label: 'Audit log', group: 'Oversight', who: 'admin', title: 'action' },
  sort: { by: 'id', direction: 'desc' },
  from: 'audit_log a left join users p on p.id = a.actor_id left join users r on r.id = a.acting_as_id',
  columns: [
    column('id', 'number', 'a.id'),
    column('at', 'datetime', 'a.at'),
    column('actor', 'string', 'p.name', { label: 'Who' }),
    column('actingAs', 'string', 'r.name', { label: 'Acting as' }),
    oneOf('action', 'a.action', auditActions),
    column('resourceType', 'string', 'a.resource_type'),
    column('resourceId', 'string', 'a.resource_id', record),
    oneOf('outcome', 'a.outcome', ['success', 'failure', 'denied', 'pending']),
    column('metadata', 'json', 'a.metadata', record),
    column('ip', 'string', 'a.ip', record),
    column('userAgent', 'string', 'a.user_agent', record),
    column('requestId', 'string', 'a.request_id', record),
  ],
};

const webhookEvents: Table = {
  ...{ id: 'webhook-events', label: 'Webhook events', group: 'Exchange', who: 'staff', title: 'action' },
  sort: { by: 'receivedAt', direction: 'desc' },
  from: 'webhook_events w left join bookings b on b.id = w.booking_id',
  columns: [
    column('id', 'id', 'w.id', record),
    column('receivedAt', 'datetime', 'w.received_at'),
    column('action', 'string', 'w.action'),
    column('appointmentId', 'number', 'w.appointment_id'),
    oneOf('state', 'w.state', ['waiting', 'delivering', 'processed', 'dead', 'refused']),
    oneOf('outcome', 'w.outcome', ['created', 'skipped', 'updated', 'cancelled', 'ignored']),
    column('booking', 'string', 'b.reference'),
    oneOf('channel', 'w.channel', ['relay', 'direct', 'automation'], record),
    oneOf('refusal', 'w.refusal', ['bad_signature', 'unsupported_type', 'malformed', 'too_old'], record),
    column('attempts', 'number', 'w.attempts', record),
    column('lastStatus', 'number', 'w.last_status', record),
    column('lastError', 'string', 'w.last_error', record),
    column('note', 'string', 'w.note', record),
    column('nextAttemptAt', 'datetime', 'w.next_attempt_at', record),
    column('processedAt', 'datetime', 'w.processed_at', record),
    column('replayedAt', 'datetime', 'w.replayed_at', record),
  ],
};

const emailKinds = [
  ...['booking_confirmation', 'booking_rescheduled', 'booking_cancelled', 'booking_failed'],
  ...['drift_report', 'webhooks_repaired'],
];
const emails: Table = {
  ...{ id: 'emails', label: 'E-mails', group: 'Exchange', who: 'staff', title: 'kind' },
  sort: { by: 'createdAt', direction: 'desc' },
  // Who is invited, or has forgotten a password, is an admin's to know: those mails stand on the people's pages.
  from: `emails e left join bookings b on b.id = e.booking_id
    where e.account_link_id is null and e.kind in (${emailKinds.map((kind) => `'${kind}'`).join(', ')})`,
  columns: [
    column('id', 'id', 'e.id', record),
    oneOf('kind', 'e.kind', emailKinds),
    column('recipient', 'string', 'e.recipient'),
    column('booking', 'string', 'b.reference'),
    oneOf('status', 'e.status', ['queued', 'sent', 'failed']),
    column('attempts', 'number', 'e.attempts'),
    column('lastError', 'string', 'e.last_error', record),
    column('sentAt', 'datetime', 'e.sent_at'),
    column('createdAt', 'datetime', 'e.created_at'),
  ],
};

const driftReports: Table = {
  ...{ id: 'drift-reports', label: 'Drift reports', group: 'Exchange', who: 'staff', title: 'startedAt' },
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'drift_reports d',
  columns: [
    column('id', 'id', 'd.id', record),
    column('startedAt', 'datetime', 'd.started_at'),
    oneOf('kind', 'd.kind', ['near', 'all', 'manual', 'gap']),
    column('fromDay', 'date', 'd.from_day'),
    column('toDay', 'date', 'd.to_day'),
    oneOf('state', 'd.state', ['running', 'done', 'failed']),
    column('appointments', 'number', 'd.appointments'),
    column('found', 'number', 'd.found'),
    column('fixed', 'number', 'd.fixed'),
    column('unannounced', 'number', 'd.unannounced', record),
    column('lastError', 'string', 'd.last_error', record),
    column('finishedAt', 'datetime', 'd.finished_at', record),
  ],
};

const differences = [
  ...['missing_here', 'missing_there', 'status', 'time', 'duration', 'specialist', 'unknown_calendar'],
  ...['type', 'location', 'link', 'details'],
];
const driftItems: Table = {
  ...{ id: 'drift-items', label: 'Drift found', group: 'Exchange', who: 'staff', title: 'difference' },
  sort: { by: 'foundAt', direction: 'desc' },
  from: 'drift_items i left join bookings b on b.id = i.booking_id',
  columns: [
    column('id', 'id', 'i.id', record),
    column('foundAt', 'datetime', 'i.found_at'),
    oneOf('difference', 'i.difference', differences),
    oneOf('state', 'i.state', ['fixed', 'left', 'found']),
    column('appointmentId', 'number', 'i.appointment_id'),
    column('booking', 'string', 'b.reference'),
    column('reason', 'string', 'i.reason'),
    column('announced', 'boolean', 'i.announced', record),
    column('reportId', 'id', 'i.report_id', record),
  ],
};

const failedJobs: Table = {
  ...{ id: 'failed-jobs', label: 'Jobs that failed', group: 'Oversight', who: 'admin', title: 'task' },
  sort: { by: 'runAt', direction: 'desc' },
  // No payload. A job with tries left is here too, once it has failed.
  from: 'graphile_worker.jobs j where j.last_error is not null',
  columns: [
    column('id', 'number', 'j.id'),
    column('task', 'string', 'j.task_identifier'),
    column('attempts', 'number', 'j.attempts'),
    column('maxAttempts', 'number', 'j.max_attempts'),
    column('isOver', 'boolean', 'j.attempts >= j.max_attempts', { label: 'Given up' }),
    column('lastError', 'string', 'j.last_error', record),
    column('runAt', 'datetime', 'j.run_at'),
    column('createdAt', 'datetime', 'j.created_at', record),
  ],
};

export const tables: readonly Table[] = [
  ...[bookings, progress, documents, specialists, services, organizations, users],
  ...[webhookEvents, emails, driftReports, driftItems, auditLog, failedJobs],
];

export function tableOf(id: string): Table | null {
  return tables.find((table) => table.id === id) ?? null;
}
