// Lists for admins: the audit log, and jobs that failed.
import { auditActions, auditedTypes, auditOutcomes } from '../audit/index.ts';
import { column, enumeration, recordOnly, linkTo } from './columns.ts';
import type { Table } from './table.ts';

const listOfType = {
  booking: 'bookings',
  document: 'documents',
  specialist: 'specialists',
  organization: 'organizations',
  user: 'users',
  webhook_event: 'webhook-events',
  email: 'emails',
  drift_report: 'drift-reports',
};
/** Null for what has no list here: a page, a job. */
const auditedRecord = `case a.resource_type ${Object.entries(listOfType)
  .map(([type, table]) => `when '${type}' then '${table}/' || a.resource_id`)
  .join(' ')} end`;
export const auditLog: Table = {
  id: 'audit',
  label: 'Audit log',
  singular: 'Audit entry',
  group: 'Oversight',
  who: 'admin',
  title: 'action',
  sort: { by: 'at', direction: 'desc' },
  // The audit log only grows.
  textSearchLimit: 10_000,
  from: 'audit_log a left join users p on p.id = a.actor_id left join users r on r.id = a.acting_as_id',
  columns: [
    column('id', 'number', 'a.id'),
    column('at', 'datetime', 'a.at'),
    column('actor', 'string', 'p.name', { label: 'Who', ...linkTo('users', 'p.id') }),
    column('actingAs', 'string', 'r.name', { label: 'Acting as', ...linkTo('users', 'r.id') }),
    enumeration('action', 'a.action', auditActions),
    enumeration('resourceType', 'a.resource_type', auditedTypes, { label: 'About' }),
    column('resourceId', 'string', 'a.resource_id', { ...recordOnly, isId: true, to: auditedRecord }),
    enumeration('outcome', 'a.outcome', auditOutcomes),
    column('metadata', 'json', 'a.metadata', recordOnly),
    column('ip', 'string', 'a.ip', { label: 'IP address', ...recordOnly }),
    column('userAgent', 'string', 'a.user_agent', recordOnly),
    column('requestId', 'string', 'a.request_id', recordOnly),
  ],
};

export const failedJobs: Table = {
  id: 'failed-jobs',
  label: 'Jobs that failed',
  singular: 'Job',
  group: 'Oversight',
  who: 'admin',
  title: 'task',
  sort: { by: 'runAt', direction: 'desc' },
  // Without payloads. Includes jobs with tries left, once they have failed.
  from: 'graphile_worker.jobs j where j.last_error is not null',
  columns: [
    column('id', 'number', 'j.id'),
    column('task', 'string', 'j.task_identifier'),
    column('attempts', 'number', 'j.attempts'),
    column('maxAttempts', 'number', 'j.max_attempts'),
    column('isOver', 'boolean', 'j.attempts >= j.max_attempts', { label: 'Given up' }),
    column('lastError', 'string', 'j.last_error', recordOnly),
    column('runAt', 'datetime', 'j.run_at'),
    column('createdAt', 'datetime', 'j.created_at', recordOnly),
  ],
};
