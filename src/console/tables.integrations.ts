// Lists of what Examdesk exchanges with other systems: webhook events, e-mails, differences from Acuity, file checks.
import { intakeDetails } from '../bookings/index.ts';
import { emailStatuses } from '../email/index.ts';
import { accountMailKinds, mailKinds, workMailKinds, type MailKindName } from '../mail-kinds/index.ts';
import { allDifferences, driftStates, outcomes } from '../following/index.ts';
import { reportKinds, reportStates } from '../sync/index.ts';
import { webhookChannels, webhookRefusals, webhookStates } from '../webhooks/index.ts';
import {
  column,
  enumeration,
  filterOnly,
  inGroup,
  linkTo,
  linked,
  ofBooking,
  recordOnly,
  spelledOut,
  sqlList,
  type List,
} from './columns.ts';

/** Processed with something left to do, and neither a later event of the appointment nor a booking has settled it. */
const webhookNeedsAttention = `w.state = 'processed' and w.note is not null and w.note <> 'cancelled_before_booked'
  and not exists (select from webhook_events n
    where n.appointment_id = w.appointment_id and n.received_at > w.received_at and n.state = 'processed')
  and not (split_part(w.note, ':', 1) = 'unknown_calendar'
    and exists (select from bookings k where k.acuity_appointment_id = w.appointment_id))`;
const webhookEvents: List = {
  id: 'webhook-events',
  label: 'Webhook events',
  title: 'action',
  sort: { by: 'receivedAt', direction: 'desc' },
  from: 'webhook_events w left join bookings b on b.id = w.booking_id',
  columns: [
    column('receivedAt', 'datetime', 'w.received_at'),
    column('action', 'string', 'w.action'),
    column('appointmentId', 'number', 'w.appointment_id'),
    enumeration('state', 'w.state', spelledOut(webhookStates)),
    enumeration('outcome', 'w.outcome', spelledOut(outcomes)),
    linked('booking', 'bookings', 'b'),
    enumeration('channel', 'w.channel', spelledOut(webhookChannels), recordOnly),
    enumeration('refusal', 'w.refusal', spelledOut(webhookRefusals), recordOnly),
    column('attempts', 'number', 'w.attempts', recordOnly),
    column('lastStatus', 'number', 'w.last_status', recordOnly),
    column('lastError', 'string', 'w.last_error', recordOnly),
    column('note', 'string', 'w.note', recordOnly),
    column('needsAttention', 'boolean', webhookNeedsAttention, recordOnly),
    column('nextAttemptAt', 'datetime', 'w.next_attempt_at', recordOnly),
    column('processedAt', 'datetime', 'w.processed_at', recordOnly),
    column('replayedAt', 'datetime', 'w.replayed_at', recordOnly),
    column('wasReplayed', 'boolean', 'w.replayed_at is not null', { label: 'Replayed', ...filterOnly }),
  ],
};

const labelsOf = (kinds: readonly MailKindName[]): Record<string, string> =>
  Object.fromEntries(kinds.map((kind) => [kind, mailKinds[kind].label]));

/** Tried five times. Delivery is tried for three days; staff should know before it is given up. */
const isStuck = `e.status = 'queued' and e.attempts >= 5`;
/** When and by whom it was sent again, and its state before. */
const sentAgain = `(select jsonb_agg(jsonb_build_object('at', l.at, 'by', k.name, 'before', l.metadata -> 'before') order by l.id)
  from audit_log l left join users k on k.id = l.actor_id
  where l.resource_type = 'email' and l.resource_id = e.id::text and l.metadata ->> 'change' = 'sent_again')`;
const emails: List = {
  id: 'emails',
  label: 'E-mails',
  title: 'kind',
  sort: { by: 'createdAt', direction: 'desc' },
  // Account e-mails are for admins only: they tell who was invited or forgot a password.
  from: `emails e left join bookings b on b.id = e.booking_id
    where e.account_link_id is null and e.kind in (${sqlList(workMailKinds)})`,
  columns: [
    enumeration('kind', 'e.kind', labelsOf(workMailKinds)),
    column('recipient', 'string', 'e.recipient'),
    linked('booking', 'bookings', 'b'),
    enumeration('status', 'e.status', spelledOut(emailStatuses)),
    column('attempts', 'number', 'e.attempts'),
    column('isStuck', 'boolean', isStuck, { label: 'Not delivered yet', ...recordOnly }),
    column('lastError', 'string', 'e.last_error', recordOnly),
    column('sentAt', 'datetime', 'e.sent_at'),
    column('sentAgain', 'json', sentAgain, { label: 'Sent again', ...recordOnly }),
    column('createdAt', 'datetime', 'e.created_at'),
    column('bookingId', 'id', 'e.booking_id', ofBooking),
  ],
};

/** Without text and link: whoever has the link has the account. */
const accountEmails: List = {
  id: 'account-emails',
  label: 'Account e-mails',
  who: 'admin',
  title: 'kind',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `emails e where e.kind in (${sqlList(accountMailKinds)})`,
  columns: [
    enumeration('kind', 'e.kind', labelsOf(accountMailKinds)),
    column('recipient', 'string', 'e.recipient'),
    enumeration('status', 'e.status', spelledOut(emailStatuses)),
    column('attempts', 'number', 'e.attempts'),
    column(
      'isStuck',
      'boolean',
      // A link requested again is a new e-mail; the old one then needs nothing.
      `(e.status = 'failed' or ${isStuck}) and not exists (select from emails n
        where n.recipient = e.recipient and n.kind = e.kind and n.created_at > e.created_at and n.status = 'sent')`,
      { label: 'Not delivered', ...recordOnly },
    ),
    column('lastError', 'string', 'e.last_error', recordOnly),
    column('sentAt', 'datetime', 'e.sent_at'),
    column('createdAt', 'datetime', 'e.created_at'),
  ],
};

/** Failed, and no later reconciliation that is at least as wide has completed over its days. */
const reportNeedsAttention = `d.state = 'failed' and not exists (
  select from drift_reports n where n.state = 'done' and n.started_at > d.started_at
    and n.from_day <= d.to_day and n.to_day >= d.from_day and (n.kind = 'all' or d.kind <> 'all') and (n.fixes or not d.fixes))`;
const driftReports: List = {
  id: 'drift-reports',
  label: 'Reconciliations',
  title: 'startedAt',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'drift_reports d',
  columns: [
    column('startedAt', 'datetime', 'd.started_at'),
    enumeration('kind', 'd.kind', spelledOut(reportKinds)),
    column('fromDay', 'date', 'd.from_day'),
    column('toDay', 'date', 'd.to_day'),
    enumeration('state', 'd.state', spelledOut(reportStates)),
    column('appointments', 'number', 'd.appointments'),
    column('found', 'number', 'd.found'),
    column('fixed', 'number', 'd.fixed'),
    column('unannounced', 'number', 'd.unannounced', recordOnly),
    column('lastError', 'string', 'd.last_error', recordOnly),
    column('needsAttention', 'boolean', reportNeedsAttention, {
      label: 'Failed, no later report',
      ...recordOnly,
    }),
    column('finishedAt', 'datetime', 'd.finished_at', recordOnly),
  ],
};

/** Nobody closed it, and no later reconciliation covered its day; one that did would have recorded it again. */
const isStillDifferent = `i.state = 'left' and not i.superseded and i.closed_at is null`;
const driftItems: List = {
  id: 'drift-items',
  label: 'Differences from Acuity',
  singular: 'Difference from Acuity',
  title: 'difference',
  sort: { by: 'foundAt', direction: 'desc' },
  from: `drift_items i left join bookings b on b.id = i.booking_id
    left join specialists s on s.id = i.specialist_id left join users c on c.id = i.closed_by_id`,
  columns: [
    column('foundAt', 'datetime', 'i.found_at'),
    enumeration('difference', 'i.difference', spelledOut(allDifferences)),
    enumeration('state', 'i.state', spelledOut(driftStates)),
    column('appointmentId', 'number', 'i.appointment_id'),
    linked('booking', 'bookings', 'b'),
    linked('specialist', 'specialists', 's'),
    column('day', 'date', `coalesce((b.starts_at at time zone b.timezone)::date, i.day)`, recordOnly),
    column('reason', 'string', 'i.reason'),
    column('announced', 'boolean', 'i.announced', recordOnly),
    column('isStillDifferent', 'boolean', isStillDifferent, { label: 'Still different' }),
    column('closedAt', 'datetime', 'i.closed_at', recordOnly),
    linked('closedBy', 'users', 'c', recordOnly),
    column('reportId', 'id', 'i.report_id', { ...recordOnly, ...linkTo('drift-reports', 'i.report_id') }),
  ],
};

const unrepaired = `(select count(*)::int from jsonb_array_elements(c.findings) f where not (f ->> 'repaired')::boolean)`;
const custodyReports: List = {
  id: 'custody-reports',
  label: 'File checks',
  title: 'startedAt',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'custody_reports c',
  columns: [
    column('startedAt', 'datetime', 'c.started_at'),
    column('rowsChecked', 'number', 'c.rows_checked', { label: 'Documents checked' }),
    column('objectsChecked', 'number', 'c.objects_checked', { label: 'Objects checked' }),
    column('found', 'number', 'jsonb_array_length(c.findings)'),
    column('unrepaired', 'number', unrepaired, { label: 'Not repaired' }),
    column(
      'needsAttention',
      'boolean',
      `${unrepaired} > 0 and c.started_at = (select max(started_at) from custody_reports)`,
      recordOnly,
    ),
    column('findings', 'json', 'c.findings', recordOnly),
    column('finishedAt', 'datetime', 'c.finished_at', recordOnly),
  ],
};

const mappable = intakeDetails()
  .map(({ name, label }, at) => `(${at}, '${name}', '${label.replaceAll("'", "''")}')`)
  .join(', ');
/** As it was read last. */
const questionText = `(select q ->> 'name' from acuity_forms a, jsonb_array_elements(a.forms) g,
  jsonb_array_elements(g -> 'fields') q where (q ->> 'id')::bigint = f.acuity_field_id limit 1)`;
const intakeFields: List = {
  id: 'intake-fields',
  label: 'Details in Acuity',
  singular: 'Detail in Acuity',
  who: 'admin',
  title: 'detail',
  sort: { by: 'position', direction: 'asc' },
  from: `(values ${mappable}) d (position, name, label) left join intake_fields f on f.name = d.name`,
  columns: [
    column('id', 'string', 'd.name', recordOnly),
    column('detail', 'string', 'd.label'),
    column('question', 'string', questionText, { label: 'Question in Acuity' }),
    column('acuityFieldId', 'number', 'f.acuity_field_id', { label: 'Number in Acuity' }),
    column('position', 'number', 'd.position', recordOnly),
  ],
};

export const integrationsLists = inGroup('Integrations', 'staff', [
  webhookEvents,
  emails,
  accountEmails,
  driftReports,
  driftItems,
  custodyReports,
  intakeFields,
]);
