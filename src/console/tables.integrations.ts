// Lists of what Examdesk exchanges with other systems: webhook events, e-mails, differences from Acuity, file checks.
import { intakeDetails } from '../bookings/index.ts';
import { countUnrepaired } from '../documents/index.ts';
import { emailStatuses, isStuck, isUndelivered, resends } from '../email/index.ts';
import { accountMailKinds, mailKinds, workMailKinds, type MailKindName } from '../mail-kinds/index.ts';
import { allDifferences, driftStates, outcomes } from '../following/index.ts';
import { questionText } from '../questions/index.ts';
import { isOpenDifference, isUncovered, reportKinds, reportStates } from '../sync/index.ts';
import { webhookChannels, webhookNeedsAttention, webhookRefusals, webhookStates } from '../webhooks/index.ts';
import { column, filterOnly, inGroup, linkTo, linked, recordOnly, stored, type List } from './columns.ts';

const webhookEvents: List = {
  title: 'action',
  from: 'webhook_events w left join bookings b on b.id = w.booking_id',
  columns: [
    ...stored('w', { receivedAt: 'datetime', action: 'string', appointmentId: 'number' }),
    ...stored('w', { state: webhookStates, outcome: outcomes }),
    linked('booking', 'bookings', 'b'),
    ...stored('w', { channel: webhookChannels, refusal: webhookRefusals, attempts: 'number' }, recordOnly),
    ...stored('w', { lastStatus: 'number', lastError: 'string', note: 'string' }, recordOnly),
    column('needsAttention', 'boolean', webhookNeedsAttention('w'), recordOnly),
    ...stored('w', { nextAttemptAt: 'datetime', processedAt: 'datetime' }, recordOnly),
    ...stored('w', { replayedAt: 'datetime' }, recordOnly),
    column('wasReplayed', 'boolean', 'w.replayed_at is not null', filterOnly),
  ],
};

/** For `in (…)`: trusted constants, never input. */
const sqlList = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
const labelsOf = (kinds: readonly MailKindName[]): Record<string, string> =>
  Object.fromEntries(kinds.map((kind) => [kind, mailKinds[kind].label]));

const emails: List = {
  // Account e-mails are for admins only: they tell who was invited or forgot a password.
  from: `emails e left join bookings b on b.id = e.booking_id
    where e.account_link_id is null and e.kind in (${sqlList(workMailKinds)})`,
  columns: [
    ...stored('e', { kind: labelsOf(workMailKinds), recipient: 'string' }),
    linked('booking', 'bookings', 'b'),
    ...stored('e', { status: emailStatuses, attempts: 'number' }),
    column('isStuck', 'boolean', isStuck('e'), { label: 'Not delivered yet', ...recordOnly }),
    ...stored('e', { lastError: 'string', sentAt: 'datetime' }, recordOnly),
    column('sentAgain', 'json', resends('e'), { ...recordOnly, isFacts: true }),
    ...stored('e', { createdAt: 'datetime' }),
    ...stored('e', { bookingId: 'id' }, filterOnly),
  ],
};

/** Without text and link: whoever has the link has the account. */
const accountEmails: List = {
  who: 'admin',
  from: `emails e where e.kind in (${sqlList(accountMailKinds)})`,
  columns: [
    ...stored('e', { kind: labelsOf(accountMailKinds), recipient: 'string' }),
    ...stored('e', { status: emailStatuses, attempts: 'number' }),
    column('isStuck', 'boolean', isUndelivered('e'), { label: 'Not delivered', ...recordOnly }),
    ...stored('e', { lastError: 'string', sentAt: 'datetime' }, recordOnly),
    ...stored('e', { createdAt: 'datetime' }),
  ],
};

const driftReports: List = {
  label: 'Reconciliations',
  from: 'drift_reports d',
  columns: [
    ...stored('d', { startedAt: 'datetime', kind: reportKinds, fromDay: 'date', toDay: 'date' }),
    ...stored('d', { state: reportStates }),
    ...stored('d', { appointments: 'number', found: 'number', fixed: 'number' }),
    ...stored('d', { unannounced: 'number', lastError: 'string' }, recordOnly),
    column('needsAttention', 'boolean', isUncovered('d'), {
      ...recordOnly,
      label: 'Failed, no later report',
    }),
    ...stored('d', { finishedAt: 'datetime' }, recordOnly),
  ],
};

const driftItems: List = {
  label: 'Differences from Acuity',
  singular: 'Difference from Acuity',
  title: 'difference',
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
    column('isStillDifferent', 'boolean', isOpenDifference('i')),
    ...stored('i', { closedAt: 'datetime' }, recordOnly),
    linked('closedBy', 'users', 'c', recordOnly),
    ...stored('i', { reportId: 'id' }, { ...recordOnly, ...linkTo('drift-reports', 'i.report_id') }),
  ],
};

const unrepaired = countUnrepaired('c');
const isLastWithUnrepaired = `${unrepaired} > 0 and c.started_at = (select max(started_at) from custody_reports)`;
const custodyReports: List = {
  label: 'File checks',
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
const intakeFields: List = {
  label: 'Details in Acuity',
  singular: 'Detail in Acuity',
  who: 'admin',
  sort: { by: 'position', direction: 'asc' },
  from: `(values ${mappable}) d (position, name, label) left join intake_fields f on f.name = d.name`,
  columns: [
    column('id', 'string', 'd.name', recordOnly),
    column('detail', 'string', 'd.label'),
    column('question', 'string', questionText('f.acuity_field_id'), { label: 'Question in Acuity' }),
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
