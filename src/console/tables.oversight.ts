// Lists for admins: the audit log, and jobs that failed.
import { auditActions, auditedTypes, auditOutcomes } from '../audit/index.ts';
import { column, enumeration, inGroup, linked, recordOnly, type List } from './columns.ts';

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
const auditLog: List = {
  id: 'audit',
  label: 'Audit log',
  singular: 'Audit entry',
  title: 'action',
  sort: { by: 'at', direction: 'desc' },
  // The audit log only grows.
  textSearchLimit: 10_000,
  from: 'audit_log a left join users p on p.id = a.actor_id left join users r on r.id = a.acting_as_id',
  columns: [
    column('id', 'number', 'a.id'),
    column('at', 'datetime', 'a.at'),
    linked('actor', 'users', 'p', { label: 'Who' }),
    linked('actingAs', 'users', 'r', { label: 'Acting as' }),
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

const failedJobs: List = {
  id: 'failed-jobs',
  label: 'Jobs that failed',
  singular: 'Job',
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

export const oversightLists = inGroup('Oversight', 'admin', [auditLog, failedJobs]);
