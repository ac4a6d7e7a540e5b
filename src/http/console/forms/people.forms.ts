import { organizationFields, personFields, type Person } from '../../../accounts/index.ts';
import { confirmation, fieldsOf, recordForm, type FormAction } from './form.ts';

export const peopleForms: Record<string, FormAction> = {
  /** Organisations and people have no version column: the values shown are the version. */
  'organizations/edit': recordForm({
    read: ({ accounts }, id) => accounts.organizations.find(id),
    intro: () => '',
    isPartial: true,
    fields: (organization) => fieldsOf(organizationFields, organization),
    send: ({ accounts }, actor, id, { seen, values }) =>
      accounts.organizations.change(id, values, actor, seen),
  }),
  'users/edit': recordForm<Person>({
    read: ({ accounts }, id) => accounts.people.find(id),
    intro: ({ awaitsInvitation }) =>
      awaitsInvitation
        ? 'Imported: they have not accepted an invitation yet. Another address, role or organisation revokes an open invitation: then invite them again.'
        : '',
    isPartial: true,
    fields: ({ name, email, role, organization }) =>
      fieldsOf(
        personFields,
        { name, email, role, organizationId: organization?.id ?? null },
        {
          organizationId: {
            source: '/admin/options/organizations',
            display: organization?.name ?? '',
          },
        },
      ),
    send: ({ accounts }, actor, id, { seen, values }) => accounts.editPerson(id, values, actor, seen),
  }),
  'users/deactivate': confirmation(
    'This person is signed out at once and cannot sign in again. Their bookings stay.',
    ({ accounts }, actor, id) => accounts.deactivate(id, actor),
    'Deactivated',
  ),
  'users/reactivate': confirmation(
    'This person can sign in again, with the password and the second step of before.',
    ({ accounts }, actor, id) => accounts.reactivate(id, actor),
    'Reactivated',
  ),
  'users/end-sessions': confirmation(
    'Signs this person out on every device. They can sign in again.',
    async ({ accounts }, actor, id) => {
      const done = await accounts.endSessions(id, actor);
      return done.ok ? `Sessions ended: ${done.value.ended}` : done;
    },
  ),
};
