// Lists of people, their organisations and specialists.
import { roleNames } from '../accounts/index.ts';
import { typeWords } from '../specialists/index.ts';
import {
  column,
  counts,
  enumeration,
  filterOnly,
  inGroup,
  linkTo,
  linked,
  recordOnly,
  type ColumnOptions,
  type List,
} from './columns.ts';
import type { Column } from './table.ts';

/** A list shows twenty such counts: without a bound each would read all bookings of a specialist. */
const countedAtMost = 200;

const bookingsOf = (key: string, id: string): string =>
  `(select count(*)::int from (select from bookings b where b.${key} = ${id} limit ${countedAtMost}) c)`;

/** The list behind the link counts further. */
const bookingsListedBy = (by: string): ColumnOptions => ({
  ...counts('bookings', by),
  shownAs: { words: (count) => (count < countedAtMost ? String(count) : `${countedAtMost}+`) },
});

/** The record that remains, until the merge is undone. */
const mergedInto = (table: 'users' | 'organizations', alias: string): Column => {
  const ofRemaining = (what: string): string =>
    `(select ${what} from merges g join ${table} n on n.id = g.into_id where g.from_id = ${alias}.id and g.undone_at is null)`;
  return column('mergedInto', 'string', ofRemaining('n.name'), {
    ...linkTo(table, ofRemaining('n.id')),
    ...recordOnly,
  });
};

const specialists: List = {
  id: 'specialists',
  label: 'Specialists',
  title: 'name',
  sort: { by: 'position', direction: 'asc' },
  related: [
    { table: 'services', by: 'specialistId' },
    { table: 'bookings', by: 'specialistId' },
  ],
  from: 'specialists s',
  columns: [
    column('name', 'string', 's.name'),
    column('title', 'string', 's.title', recordOnly),
    column('specialty', 'string', 's.specialty'),
    column('location', 'string', 's.location'),
    column('timezone', 'string', 's.timezone', { label: 'Time zone' }),
    column('isActive', 'boolean', 's.is_active', { label: 'Active' }),
    column('bookings', 'number', bookingsOf('specialist_id', 's.id'), bookingsListedBy('specialistId')),
    column('qualifications', 'string', 's.qualifications', recordOnly),
    column('languages', 'string', 's.languages', recordOnly),
    column('examines', 'string', 's.examines', { label: 'What they examine', ...recordOnly }),
    column('reportDays', 'number', 's.report_days', { label: 'Days until the report', ...recordOnly }),
    column('position', 'number', 's.position', recordOnly),
    column('acuityCalendarId', 'number', 's.acuity_calendar_id', recordOnly),
    column('createdAt', 'datetime', 's.created_at', recordOnly),
    column('updatedAt', 'datetime', 's.updated_at', recordOnly),
  ],
};

const services: List = {
  id: 'services',
  label: 'Services',
  title: 'specialist',
  sort: { by: 'specialist', direction: 'asc' },
  from: 'specialist_services v join specialists s on s.id = v.specialist_id',
  columns: [
    column('id', 'string', `v.specialist_id || ':' || v.type`, recordOnly),
    linked('specialist', 'specialists', 's'),
    enumeration('type', 'v.type', typeWords),
    column('acuityAppointmentTypeId', 'number', 'v.acuity_appointment_type_id'),
    column('durationMinutes', 'number', 'v.duration_minutes', { label: 'Minutes' }),
    column('specialistId', 'id', 'v.specialist_id', { label: 'Specialist', ...filterOnly }),
  ],
};

const organizations: List = {
  id: 'organizations',
  label: 'Organisations',
  title: 'name',
  sort: { by: 'name', direction: 'asc' },
  searched: {
    words: { from: 'organizations o', id: 'o.id', words: 'o.search_text', order: 'o.name, o.id' },
    hint: 'Name',
  },
  related: [
    { table: 'users', by: 'organizationId' },
    { table: 'bookings', by: 'organizationId' },
  ],
  from: 'organizations o',
  columns: [
    column('name', 'string', 'o.name'),
    column(
      'members',
      'number',
      '(select count(*)::int from members m where m.organization_id = o.id and m.user_id not in (select id from users where banned))',
      { label: 'Active members', ...counts('users', 'organizationId', { isActive: 'true' }) },
    ),
    column('bookings', 'number', bookingsOf('organization_id', 'o.id'), bookingsListedBy('organizationId')),
    column('remindsExaminees', 'boolean', 'o.reminds_examinees', { label: 'Reminds examinees' }),
    column('requiresTwoFactor', 'boolean', 'o.requires_two_factor', { label: 'Requires two-step sign-in' }),
    column('examineesCall', 'string', 'o.examinees_call', { label: 'Phone for examinees', ...recordOnly }),
    mergedInto('organizations', 'o'),
    column('createdAt', 'datetime', 'o.created_at'),
  ],
};

const users: List = {
  id: 'users',
  label: 'People',
  singular: 'Person',
  who: 'admin',
  title: 'name',
  sort: { by: 'name', direction: 'asc' },
  searched: {
    words: {
      from: 'users u left join members m on m.user_id = u.id',
      id: 'u.id',
      words: 'u.search_text',
      organization: 'm.organization_id',
      order: 'u.name, u.id',
    },
    hint: 'Name, e-mail or organisation',
  },
  related: [{ table: 'bookings', by: 'referrerId' }],
  from: 'users u left join members m on m.user_id = u.id left join organizations o on o.id = m.organization_id',
  columns: [
    column('name', 'string', 'u.name'),
    column('email', 'string', 'u.email', { label: 'E-mail' }),
    enumeration('role', 'u.role', roleNames),
    linked('organization', 'organizations', 'o', { label: 'Organisation' }),
    column('isActive', 'boolean', 'not u.banned', { label: 'Active' }),
    column('awaitsInvitation', 'boolean', 'u.awaits_invitation', { label: 'Awaits invitation' }),
    mergedInto('users', 'u'),
    column('bookings', 'number', bookingsOf('created_by_id', 'u.id'), {
      ...recordOnly,
      ...bookingsListedBy('referrerId'),
    }),
    column('twoFactor', 'boolean', 'u.two_factor_enabled', { label: 'Two-step sign-in' }),
    column(
      'lastSeenAt',
      'datetime',
      '(select n.last_active_at from user_activity n where n.user_id = u.id)',
      recordOnly,
    ),
    column('createdAt', 'datetime', 'u.created_at', recordOnly),
    column('organizationId', 'id', 'o.id', { label: 'Organisation', ...filterOnly }),
  ],
};

export const peopleLists = inGroup('Directory', 'staff', [specialists, services, organizations, users]);
