// Lists for admins: the audit log, and jobs that failed.
import { auditActions, auditedTypes, auditOutcomes } from '../audit/index.ts';
import { column, inGroup, linked, recordOnly, stored, type List } from './columns.ts';

const listed = `'booking', 'document', 'specialist', 'organization', 'user', 'webhook_event', 'email', 'drift_report'`;
/** SQL: the record of an entry as `list/id`. Null for what has no list in the console, such as a page or a job. */
const auditedRecord = `case when a.resource_type in (${listed})
  then replace(a.resource_type, '_', '-') || 's/' || a.resource_id end`;
const auditLog: List = {
  label: 'Audit log',
  singular: 'Audit entry',
  title: 'action',
  // The audit log grows without end, so text filters look only at its newest entries.
  textSearchLimit: 10_000,
  from: 'audit_log a left join users p on p.id = a.actor_id left join users r on r.id = a.acting_as_id',
  columns: [
    ...stored('a', { id: 'number', at: 'datetime' }),
    linked('actor', 'users', 'p', { label: 'Who' }),
    linked('actingAs', 'users', 'r', { label: 'Acting as' }),
    ...stored('a', { action: auditActions }),
    ...stored('a', { resourceType: auditedTypes }, { label: 'About' }),
    column('resourceId', 'string', 'a.resource_id', { ...recordOnly, isId: true, to: auditedRecord }),
    ...stored('a', { outcome: auditOutcomes }),
    ...stored('a', { metadata: 'json' }, recordOnly),
    ...stored('a', { ip: 'string' }, { label: 'IP address', ...recordOnly }),
    ...stored('a', { userAgent: 'string', requestId: 'string' }, recordOnly),
  ],
};

const failedJobs: List = {
  label: 'Jobs that failed',
  singular: 'Job',
  // Without payloads. Includes jobs with tries left, once they have failed.
  from: 'graphile_worker.jobs j where j.last_error is not null',
  columns: [
    ...stored('j', { id: 'number' }),
    column('task', 'string', 'j.task_identifier'),
    ...stored('j', { attempts: 'number', maxAttempts: 'number' }),
    column('isOver', 'boolean', 'j.attempts >= j.max_attempts', { label: 'Given up' }),
    ...stored('j', { lastError: 'string' }, recordOnly),
    ...stored('j', { runAt: 'datetime' }),
    ...stored('j', { createdAt: 'datetime' }, recordOnly),
  ],
};

export const oversightLists = inGroup('Oversight', 'admin', { audit: auditLog, 'failed-jobs': failedJobs });
