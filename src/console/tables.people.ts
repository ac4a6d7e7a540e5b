// Lists of people, their organisations and specialists.
import { countActiveMembers, roleNames } from '../accounts/index.ts';
import { ofRemaining } from '../merging/index.ts';
import { typeWords } from '../specialists/index.ts';
import { column, filterOnly, inGroup, linkTo, linked, recordOnly, stored, type List } from './columns.ts';
import type { Column } from './table.ts';

/** A list shows twenty such counts. Without this bound each would read all bookings of a specialist. */
const countedAtMost = 200;

/** @param by the filter of the list, which finds the same rows as `key`, but counts further */
function countBookings(by: string, key: string, id: string, more: Partial<Column> = {}): Column {
  const some = `select from bookings b where b.${key} = ${id} limit ${countedAtMost}`;
  return column('bookings', 'number', `(select count(*)::int from (${some}) c)`, {
    lists: { table: 'bookings', by },
    shownAs: { words: (count) => (count < countedAtMost ? String(count) : `${countedAtMost}+`) },
    ...more,
  });
}

const mergedInto = (table: 'users' | 'organizations', alias: string): Column => {
  const remaining = (what: 'id' | 'name'): string => ofRemaining(table, `${alias}.id`, what);
  return column('mergedInto', 'string', remaining('name'), {
    ...linkTo(table, remaining('id')),
    ...recordOnly,
  });
};

const specialists: List = {
  sort: { by: 'position', direction: 'asc', then: 'name' },
  related: [
    { table: 'services', by: 'specialistId' },
    { table: 'bookings', by: 'specialistId' },
  ],
  from: 'specialists s',
  columns: [
    ...stored('s', { name: 'string' }),
    ...stored('s', { title: 'string' }, recordOnly),
    ...stored('s', { specialty: 'string', location: 'string', timezone: 'string', isActive: 'boolean' }),
    countBookings('specialistId', 'specialist_id', 's.id'),
    ...stored('s', { qualifications: 'string', languages: 'string' }, recordOnly),
    ...stored('s', { examines: 'string' }, { label: 'What they examine', ...recordOnly }),
    ...stored('s', { reportDays: 'number' }, { label: 'Days until the report', ...recordOnly }),
    ...stored('s', { position: 'number', acuityCalendarId: 'number' }, recordOnly),
    ...stored('s', { createdAt: 'datetime', updatedAt: 'datetime' }, recordOnly),
  ],
};

const services: List = {
  sort: { by: 'specialist', direction: 'asc' },
  from: 'specialist_services v join specialists s on s.id = v.specialist_id',
  columns: [
    column('id', 'string', `v.specialist_id || ':' || v.type`, recordOnly),
    linked('specialist', 'specialists', 's'),
    ...stored('v', { type: typeWords, acuityAppointmentTypeId: 'number' }),
    ...stored('v', { durationMinutes: 'number' }, { label: 'Minutes' }),
    ...stored('v', { specialistId: 'id' }, filterOnly),
  ],
};

const organizations: List = {
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
    ...stored('o', { name: 'string' }),
    column('members', 'number', countActiveMembers('o.id'), {
      label: 'Active members',
      lists: { table: 'users', by: 'organizationId', also: { isActive: 'true' } },
    }),
    countBookings('organizationId', 'organization_id', 'o.id'),
    ...stored('o', { remindsExaminees: 'boolean' }),
    ...stored('o', { requiresTwoFactor: 'boolean' }, { label: 'Requires two-step sign-in' }),
    ...stored('o', { examineesCall: 'string' }, { label: 'Phone for examinees', ...recordOnly }),
    mergedInto('organizations', 'o'),
    ...stored('o', { createdAt: 'datetime' }),
  ],
};

const lastSeenAt = '(select n.last_active_at from user_activity n where n.user_id = u.id)';
const users: List = {
  label: 'People',
  singular: 'Person',
  who: 'admin',
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
    ...stored('u', { name: 'string', email: 'string', role: roleNames }),
    linked('organization', 'organizations', 'o'),
    column('isActive', 'boolean', 'not u.banned'),
    ...stored('u', { awaitsInvitation: 'boolean' }),
    mergedInto('users', 'u'),
    countBookings('referrerId', 'created_by_id', 'u.id', recordOnly),
    column('twoFactor', 'boolean', 'u.two_factor_enabled', { label: 'Two-step sign-in' }),
    column('lastSeenAt', 'datetime', lastSeenAt, recordOnly),
    ...stored('u', { createdAt: 'datetime' }, recordOnly),
    column('organizationId', 'id', 'o.id', filterOnly),
  ],
};

export const peopleLists = inGroup('Directory', 'staff', { specialists, services, organizations, users });
