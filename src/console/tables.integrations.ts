// Lists of what Examdesk exchanges with other systems: webhook events, e-mails, differences from Acuity, file checks.
import { accountMailKinds, emailStatuses, workMailKinds } from '../email/index.ts';
import { allDifferences, driftStates, outcomes } from '../following/index.ts';
import { reportKinds, reportStates } from '../sync/index.ts';
import { webhookChannels, webhookRefusals, webhookStates } from '../webhooks/index.ts';
import { column, oneOf, record, spelledOut, sqlList, to } from './columns.ts';
import type { Table } from './table.ts';

/** Processed, and something is left to do for us: unless a later event of the appointment went through, or a booking came. */
const webhookNeedsAttention = `w.state = 'processed' and w.note is not null and w.note <> 'cancelled_before_booked'
  and not exists (select from webhook_events n
    where n.appointment_id = w.appointment_id and n.received_at > w.received_at and n.state = 'processed')
  and not (w.note = 'unknown_calendar'
    and exists (select from bookings k where k.acuity_appointment_id = w.appointment_id))`;
export const webhookEvents: Table = {
  id: 'webhook-events',
  label: 'Webhook events',
  one: 'Webhook event',
  group: 'Integrations',
  who: 'staff',
  title: 'action',
  sort: { by: 'receivedAt', direction: 'desc' },
  from: 'webhook_events w left join bookings b on b.id = w.booking_id',
  columns: [
    column('id', 'id', 'w.id', record),
    column('receivedAt', 'datetime', 'w.received_at'),
    column('action', 'string', 'w.action'),
    column('appointmentId', 'number', 'w.appointment_id'),
    oneOf('state', 'w.state', spelledOut(webhookStates)),
    oneOf('outcome', 'w.outcome', spelledOut(outcomes)),
    column('booking', 'string', 'b.reference', to('bookings', 'b.id')),
    oneOf('channel', 'w.channel', spelledOut(webhookChannels), record),
    oneOf('refusal', 'w.refusal', spelledOut(webhookRefusals), record),
    column('attempts', 'number', 'w.attempts', record),
    column('lastStatus', 'number', 'w.last_status', record),
    column('lastError', 'string', 'w.last_error', record),
    column('note', 'string', 'w.note', record),
    column('needsAttention', 'boolean', webhookNeedsAttention, { label: 'Needs attention', ...record }),
    column('nextAttemptAt', 'datetime', 'w.next_attempt_at', record),
    column('processedAt', 'datetime', 'w.processed_at', record),
    column('replayedAt', 'datetime', 'w.replayed_at', record),
  ],
};

/** It is tried for three days: nobody is to learn only then that the mail server takes nothing. */
const isStuck = `e.status = 'queued' and e.attempts >= 5`;
/** When, by whom, and what had become of it before. */
const sentAgain = `(select jsonb_agg(jsonb_build_object('at', l.at, 'by', k.name, 'before', l.metadata -> 'before') order by l.id)
  from audit_log l left join users k on k.id = l.actor_id
  where l.resource_type = 'email' and l.resource_id = e.id::text and l.metadata ->> 'change' = 'sent_again')`;
export const emails: Table = {
  id: 'emails',
  label: 'E-mails',
  one: 'E-mail',
  group: 'Integrations',
  who: 'staff',
  title: 'kind',
  sort: { by: 'createdAt', direction: 'desc' },
  // Who is invited, or has forgotten a password, is an admin's to know: those mails stand on the people's pages.
  from: `emails e left join bookings b on b.id = e.booking_id
    where e.account_link_id is null and e.kind in (${sqlList(workMailKinds)})`,
  columns: [
    column('id', 'id', 'e.id', record),
    oneOf('kind', 'e.kind', spelledOut(workMailKinds)),
    column('recipient', 'string', 'e.recipient'),
    column('booking', 'string', 'b.reference', to('bookings', 'b.id')),
    oneOf('status', 'e.status', spelledOut(emailStatuses)),
    column('attempts', 'number', 'e.attempts'),
    column('isStuck', 'boolean', isStuck, { label: 'Not delivered so far', ...record }),
    column('lastError', 'string', 'e.last_error', record),
    column('sentAt', 'datetime', 'e.sent_at'),
    column('sentAgain', 'json', sentAgain, { label: 'Sent again', ...record }),
    column('createdAt', 'datetime', 'e.created_at'),
  ],
};

/** Neither what they say nor their link: whoever has that has the account. */
export const accountEmails: Table = {
  id: 'account-emails',
  label: 'Account e-mails',
  one: 'Account e-mail',
  group: 'Integrations',
  who: 'admin',
  title: 'kind',
  sort: { by: 'createdAt', direction: 'desc' },
  from: `emails e where e.kind in (${sqlList(accountMailKinds)})`,
  columns: [
    column('id', 'id', 'e.id', record),
    oneOf('kind', 'e.kind', spelledOut(accountMailKinds)),
    column('recipient', 'string', 'e.recipient'),
    oneOf('status', 'e.status', spelledOut(emailStatuses)),
    column('attempts', 'number', 'e.attempts'),
    column(
      'isStuck',
      'boolean',
      // Made anew by the person's own page, it is a message of its own.
      `(e.status = 'failed' or ${isStuck}) and not exists (select from emails n
        where n.recipient = e.recipient and n.kind = e.kind and n.created_at > e.created_at and n.status = 'sent')`,
      { label: 'Not delivered', ...record },
    ),
    column('lastError', 'string', 'e.last_error', record),
    column('sentAt', 'datetime', 'e.sent_at'),
    column('createdAt', 'datetime', 'e.created_at'),
  ],
};

/** No later look over its days went well; only another look at all of them makes up for one at all. */
const reportNeedsAttention = `d.state = 'failed' and not exists (
  select from drift_reports n where n.state = 'done' and n.started_at > d.started_at
    and n.from_day <= d.to_day and n.to_day >= d.from_day and (n.kind = 'all' or d.kind <> 'all') and (n.fixes or not d.fixes))`;
export const driftReports: Table = {
  id: 'drift-reports',
  label: 'Drift reports',
  one: 'Drift report',
  group: 'Integrations',
  who: 'staff',
  title: 'startedAt',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'drift_reports d',
  columns: [
    column('id', 'id', 'd.id', record),
    column('startedAt', 'datetime', 'd.started_at'),
    oneOf('kind', 'd.kind', spelledOut(reportKinds)),
    column('fromDay', 'date', 'd.from_day'),
    column('toDay', 'date', 'd.to_day'),
    oneOf('state', 'd.state', spelledOut(reportStates)),
    column('appointments', 'number', 'd.appointments'),
    column('found', 'number', 'd.found'),
    column('fixed', 'number', 'd.fixed'),
    column('unannounced', 'number', 'd.unannounced', record),
    column('lastError', 'string', 'd.last_error', record),
    column('needsAttention', 'boolean', reportNeedsAttention, {
      label: 'Failed, no later report',
      ...record,
    }),
    column('finishedAt', 'datetime', 'd.finished_at', record),
  ],
};

/** No later look over its day has been: of it, one would be an item of its own. */
const stillLeft = `i.state = 'left' and not i.superseded`;
export const driftItems: Table = {
  id: 'drift-items',
  label: 'Differences from Acuity',
  one: 'Difference from Acuity',
  group: 'Integrations',
  who: 'staff',
  title: 'difference',
  sort: { by: 'foundAt', direction: 'desc' },
  from: `drift_items i left join bookings b on b.id = i.booking_id`,
  columns: [
    column('id', 'id', 'i.id', record),
    column('foundAt', 'datetime', 'i.found_at'),
    oneOf('difference', 'i.difference', spelledOut(allDifferences)),
    oneOf('state', 'i.state', spelledOut(driftStates)),
    column('appointmentId', 'number', 'i.appointment_id'),
    column('booking', 'string', 'b.reference', to('bookings', 'b.id')),
    column('day', 'date', `coalesce((b.starts_at at time zone b.timezone)::date, i.day)`, record),
    column('reason', 'string', 'i.reason'),
    column('announced', 'boolean', 'i.announced', record),
    column('isStillDifferent', 'boolean', stillLeft, { label: 'Still different' }),
    column('reportId', 'id', 'i.report_id', { ...record, ...to('drift-reports', 'i.report_id') }),
  ],
};

const unrepaired = `(select count(*)::int from jsonb_array_elements(c.findings) f where not (f ->> 'repaired')::boolean)`;
export const custodyReports: Table = {
  id: 'custody-reports',
  label: 'File checks',
  one: 'File check',
  group: 'Integrations',
  who: 'staff',
  title: 'startedAt',
  sort: { by: 'startedAt', direction: 'desc' },
  from: 'custody_reports c',
  columns: [
    column('id', 'id', 'c.id', record),
    column('startedAt', 'datetime', 'c.started_at'),
    column('rowsChecked', 'number', 'c.rows_checked', { label: 'Documents checked' }),
    column('objectsChecked', 'number', 'c.objects_checked', { label: 'Objects checked' }),
    column('found', 'number', 'jsonb_array_length(c.findings)'),
    column('unrepaired', 'number', unrepaired, { label: 'Not repaired' }),
    column(
      'needsAttention',
      'boolean',
      `${unrepaired} > 0 and c.started_at = (select max(started_at) from custody_reports)`,
      record,
    ),
    column('findings', 'json', 'c.findings', record),
    column('finishedAt', 'datetime', 'c.finished_at', record),
  ],
};
