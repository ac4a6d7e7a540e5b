// Lists of people, and of those they belong to.
import { roles } from '../accounts/index.ts';
import { typeWords } from '../specialists/index.ts';
import { column, counts, link, oneOf, record, spelledOut, to } from './columns.ts';
import type { Table } from './table.ts';

const bookingsOf = (key: string, id: string): string =>
  `(select count(*)::int from bookings b where b.${key} = ${id})`;

export const specialists: Table = {
  id: 'specialists',
  label: 'Specialists',
  one: 'Specialist',
  group: 'People',
  who: 'staff',
  title: 'name',
  sort: { by: 'position', direction: 'asc' },
  from: 'specialists s',
  columns: [
    column('id', 'id', 's.id', record),
    column('name', 'string', 's.name'),
    column('title', 'string', 's.title', record),
    column('specialty', 'string', 's.specialty'),
    column('location', 'string', 's.location'),
    column('timezone', 'string', 's.timezone', { label: 'Time zone' }),
    column('isActive', 'boolean', 's.is_active', { label: 'Active' }),
    column('bookings', 'number', bookingsOf('specialist_id', 's.id'), counts('bookings', 'specialistId')),
    column('position', 'number', 's.position', record),
    column('acuityCalendarId', 'number', 's.acuity_calendar_id', record),
    column('createdAt', 'datetime', 's.created_at', record),
    column('updatedAt', 'datetime', 's.updated_at', record),
  ],
};

export const services: Table = {
  id: 'services',
  label: 'Services',
  one: 'Service',
  group: 'People',
  who: 'staff',
  title: 'specialist',
  sort: { by: 'specialist', direction: 'asc' },
  from: 'specialist_services v join specialists s on s.id = v.specialist_id',
  columns: [
    column('id', 'string', `v.specialist_id || ':' || v.type`, record),
    column('specialist', 'string', 's.name', to('specialists', 's.id')),
    oneOf('type', 'v.type', typeWords),
    column('acuityAppointmentTypeId', 'number', 'v.acuity_appointment_type_id'),
    column('durationMinutes', 'number', 'v.duration_minutes', { label: 'Minutes' }),
  ],
};

export const organizations: Table = {
  id: 'organizations',
  label: 'Organisations',
  one: 'Organisation',
  group: 'People',
  who: 'staff',
  title: 'name',
  sort: { by: 'name', direction: 'asc' },
  from: 'organizations o',
  columns: [
    column('id', 'id', 'o.id', record),
    column('name', 'string', 'o.name'),
    column(
      'members',
      'number',
      '(select count(*)::int from members m join users u on u.id = m.user_id where m.organization_id = o.id and not u.banned)',
      { label: 'Active members', ...counts('users', 'organizationId', { isActive: 'true' }) },
    ),
    column('bookings', 'number', bookingsOf('organization_id', 'o.id'), counts('bookings', 'organizationId')),
    column('remindsExaminees', 'boolean', 'o.reminds_examinees', { label: 'Reminds examinees' }),
    column('createdAt', 'datetime', 'o.created_at'),
  ],
};

export const users: Table = {
  id: 'users',
  label: 'Users',
  one: 'User',
  group: 'People',
  who: 'admin',
  title: 'name',
  sort: { by: 'name', direction: 'asc' },
  from: 'users u left join members m on m.user_id = u.id left join organizations o on o.id = m.organization_id',
  columns: [
    column('id', 'id', 'u.id', record),
    column('name', 'string', 'u.name'),
    column('email', 'string', 'u.email', { label: 'E-mail' }),
    oneOf('role', 'u.role', spelledOut(roles)),
    column('organization', 'string', 'o.name', { label: 'Organisation', ...to('organizations', 'o.id') }),
    column('isActive', 'boolean', 'not u.banned', { label: 'Active' }),
    column('awaitsInvitation', 'boolean', 'u.awaits_invitation', { label: 'Awaits invitation' }),
    column('bookings', 'number', bookingsOf('created_by_id', 'u.id'), {
      ...record,
      ...counts('bookings', 'referrerId'),
    }),
    column('twoFactor', 'boolean', 'u.two_factor_enabled', { label: 'Two-step sign-in' }),
    column(
      'lastSeenAt',
      'datetime',
      '(select n.last_active_at from user_activity n where n.user_id = u.id)',
      record,
    ),
    column('createdAt', 'datetime', 'u.created_at', record),
    column('organizationId', 'id', 'o.id', { label: 'Organisation', ...link }),
  ],
};
