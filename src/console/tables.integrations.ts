// Lists of what Examdesk exchanges with other systems: webhook events, e-mails, differences from Acuity, file checks.
import { intakeDetails } from '../bookings/index.ts';
import { emailStatuses } from '../email/index.ts';
import { accountMailKinds, mailKinds, workMailKinds, type MailKindName } from '../mail-kinds/index.ts';
import { allDifferences, driftStates, outcomes } from '../following/index.ts';
import { reportKinds, reportStates } from '../sync/index.ts';
import { webhookChannels, webhookRefusals, webhookStates } from '../webhooks/index.ts';
import { column, filterOnly, inGroup, linkTo, linked, recordOnly, stored, type List } from './columns.ts';

/** Processed with something left to do, and neither a later event of the appointment nor a booking has settled it. */
const webhookNeedsAttention = `w.state = 'processed' and w.note is not null and w.note <> 'cancelled_before_booked'
  and not exists (select from webhook_events n
    where n.appointment_id = w.appointment_id and n.received_at > w.received_at and n.state = 'processed')
  and not (split_part(w.note, ':', 1) = 'unknown_calendar'
    and exists (select from bookings k where k.acuity_appointment_id = w.appointment_id))`;
const webhookEvents: List = {
  title: 'action',
  sort: { by: 'receivedAt', direction: 'desc' },
  from: 'webhook_events w left join bookings b on b.id = w.booking_id',
  columns: [
    ...stored('w', { receivedAt: 'datetime', action: 'string', appointmentId: 'number' }),
    ...stored('w', { state: webhookStates, outcome: outcomes }),
    linked('booking', 'bookings', 'b'),
    ...stored('w', { channel: webhookChannels, refusal: webhookRefusals, attempts: 'number' }, recordOnly),
    ...stored('w', { lastStatus: 'number', lastError: 'string', note: 'string' }, recordOnly),
    column('needsAttention', 'boolean', webhookNeedsAttention, recordOnly),
    ...stored('w', { nextAttemptAt: 'datetime', processedAt: 'datetime' }, recordOnly),
    ...stored('w', { replayedAt: 'datetime' }, recordOnly),
    column('wasReplayed', 'boolean', 'w.replayed_at is not null', filterOnly),
  ],
};

/** For `in (…)`: trusted constants, never input. */
const sqlList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
const labelsOf = (kinds: readonly MailKindName[]): Record<string, string> =>
  Object.fromEntries(kinds.map((kind) => [kind, mailKinds[kind].label]));

/** Tried five times. Delivery is tried for three days; staff should know before it is given up. */
const isStuck = `e.status = 'queued' and e.attempts >= 5`;
/** When and by whom it was sent again, and its state before. */
const sentAgain = `(select jsonb_agg(jsonb_build_object('at', l.at, 'by', k.name, 'before', l.metadata -> 'before') order by l.id)
  from audit_log l left join users k on k.id = l.actor_id
  where l.resource_type = 'email' and l.resource_id = e.id::text and l.metadata ->> 'change' = 'sent_again')`;
const emails: List = {
  // Account e-mails are for admins only: they tell who was invited or forgot a password.
  from: `emails e left join bookings b on b.id = e.booking_id
    where e.account_link_id is null and e.kind in (${sqlList(workMailKinds)})`,
  columns: [
    ...stored('e', { kind: labelsOf(workMailKinds), recipient: 'string' }),
    linked('booking', 'bookings', 'b'),
    ...stored('e', { status: emailStatuses, attempts: 'number' }),
    column('isStuck', 'boolean', isStuck, { label: 'Not delivered yet', ...recordOnly }),
    ...stored('e', { lastError: 'string' }, recordOnly),
    ...stored('e', { sentAt: 'datetime' }, recordOnly),
    column('sentAgain', 'json', sentAgain, recordOnly),
    ...stored('e', { createdAt: 'datetime' }),
    ...stored('e', { bookingId: 'id' }, filterOnly),
  ],
};

/** A link requested again is a new e-mail; the old one then needs nothing. */
const isUndelivered = `(e.status = 'failed' or ${isStuck}) and not exists (select from emails n
  where n.recipient = e.recipient and n.kind = e.kind and n.created_at > e.created_at and n.status = 'sent')`;
/** Without text and link: whoever has the link has the account. */
const accountEmails: List = {
  who: 'admin',
  from: `emails e where e.kind in (${sqlList(accountMailKinds)})`,
  columns: [
    ...stored('e', { kind: labelsOf(accountMailKinds), recipient: 'string' }),
    ...stored('e', { status: emailStatuses, attempts: 'number' }),
    column('isStuck', 'boolean', isUndelivered, { label: 'Not delivered', ...recordOnly }),
    ...stored('e', { lastError: 'string' }, recordOnly),
    ...stored('e', { sentAt: 'datetime' }, recordOnly),
    ...stored('e', { createdAt: 'datetime' }),
  ],
};

/** Failed, and no later reconciliation that is at least as wide has completed over its days. */
const isUnresolved = `d.state = 'failed' and not exists (
  select from drift_reports n where n.state = 'done' and n.started_at > d.started_at
    and n.from_day <= d.to_day and n.to_day >= d.from_day and (n.kind = 'all' or d.kind <> 'all') and (n.fixes or not d.fixes))`;
const driftReports: List = {
  label: 'Reconciliations',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'drift_reports d',
  columns: [
    ...stored('d', { startedAt: 'datetime', kind: reportKinds, fromDay: 'date', toDay: 'date' }),
    ...stored('d', { state: reportStates }),
    ...stored('d', { appointments: 'number', found: 'number', fixed: 'number' }),
    ...stored('d', { unannounced: 'number', lastError: 'string' }, recordOnly),
    column('needsAttention', 'boolean', isUnresolved, {
      ...recordOnly,
      label: 'Failed, no later report',
    }),
    ...stored('d', { finishedAt: 'datetime' }, recordOnly),
  ],
};

/** Nobody closed it, and no later reconciliation covered its day; one that did would have recorded it again. */
const isStillDifferent = `i.state = 'left' and not i.superseded and i.closed_at is null`;
const driftItems: List = {
  label: 'Differences from Acuity',
  singular: 'Difference from Acuity',
  title: 'difference',
  sort: { by: 'foundAt', direction: 'desc' },
  from: `drift_items i left join bookings b on b.id = i.booking_id
    left join specialists s on s.id = i.specialist_id left join users c on c.id = i.closed_by_id`,
  columns: [
    ...stored('i', { foundAt: 'datetime', difference: allDifferences, state: driftStates }),
    ...stored('i', { appointmentId: 'number' }),
    linked('booking', 'bookings', 'b'),
    linked('specialist', 'specialists', 's'),
    column('day', 'date', `coalesce((b.starts_at at time zone b.timezone)::date, i.day)`, recordOnly),
    ...stored('i', { reason: 'string' }),
    ...stored('i', { announced: 'boolean' }, recordOnly),
    column('isStillDifferent', 'boolean', isStillDifferent),
    ...stored('i', { closedAt: 'datetime' }, recordOnly),
    linked('closedBy', 'users', 'c', recordOnly),
    ...stored('i', { reportId: 'id' }, { ...recordOnly, ...linkTo('drift-reports', 'i.report_id') }),
  ],
};

const unrepaired = `(select count(*)::int from jsonb_array_elements(c.findings) f where not (f ->> 'repaired')::boolean)`;
const isLastWithUnrepaired = `${unrepaired} > 0 and c.started_at = (select max(started_at) from custody_reports)`;
const custodyReports: List = {
  label: 'File checks',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'custody_reports c',
  columns: [
    ...stored('c', { startedAt: 'datetime' }),
    column('rowsChecked', 'number', 'c.rows_checked', { label: 'Documents checked' }),
    column('objectsChecked', 'number', 'c.objects_checked', { label: 'Objects checked' }),
    column('found', 'number', 'jsonb_array_length(c.findings)'),
    column('unrepaired', 'number', unrepaired, { label: 'Not repaired' }),
    column('needsAttention', 'boolean', isLastWithUnrepaired, recordOnly),
    ...stored('c', { findings: 'json', finishedAt: 'datetime' }, recordOnly),
  ],
};

const mappable = intakeDetails()
  .map(({ name, label }, at) => `(${at}, '${name}', '${label.replaceAll("'", "''")}')`)
  .join(', ');
/** As it was read last. */
const questionText = `(select q ->> 'name' from acuity_forms a, jsonb_array_elements(a.forms) g,
  jsonb_array_elements(g -> 'fields') q where (q ->> 'id')::bigint = f.acuity_field_id limit 1)`;
const intakeFields: List = {
  label: 'Details in Acuity',
  singular: 'Detail in Acuity',
  who: 'admin',
  sort: { by: 'position', direction: 'asc' },
  from: `(values ${mappable}) d (position, name, label) left join intake_fields f on f.name = d.name`,
  columns: [
    column('id', 'string', 'd.name', recordOnly),
    column('detail', 'string', 'd.label'),
    column('question', 'string', questionText, { label: 'Question in Acuity' }),
    ...stored('f', { acuityFieldId: 'number' }, { label: 'Number in Acuity' }),
    ...stored('d', { position: 'number' }, recordOnly),
  ],
};

export const integrationsLists = inGroup('Integrations', 'staff', {
  'webhook-events': webhookEvents,
  emails,
  'account-emails': accountEmails,
  'drift-reports': driftReports,
  'drift-items': driftItems,
  'custody-reports': custodyReports,
  'intake-fields': intakeFields,
});
