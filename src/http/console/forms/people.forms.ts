import { z } from 'zod';
import {
  roleNames,
  roles,
  type Person,
  type PersonEdit,
  type PersonFailure,
} from '../../../accounts/index.ts';
import type { Failure } from '../../../lib/result.ts';
import { invalid, notFound, parse, Problem } from '../../problem.ts';
import { confirmation, fieldsOf, ticked, type Answer, type FormAction, type Refusal } from './form.ts';
import type { ConsoleServices } from '../console.services.ts';

const box = z.preprocess(ticked, z.boolean());

const organizationEdit = z.object({
  name: z.string().meta({ label: 'Name' }),
  examineesCall: z.string().meta({
    label: 'Phone number for examinees',
    hint: 'Whom examinees call when they cannot come or need help. Printed in their instructions and in their e-mails.',
  }),
  remindsExaminees: box.meta({
    label: 'Remind examinees by e-mail, 7 days and 1 day before',
    hint: 'Only if this organisation wants it. Reminders go to the e-mail address in the booking.',
  }),
  requiresTwoFactor: box.meta({
    label: 'Require two-step sign-in of its referrers',
    hint: 'Whoever has not set it up is led to do so with the next page, and can do nothing else before.',
  }),
});

/** Organisations and people have no version column: the values shown are the version. */
const versionOf = <T extends object>(schema: z.ZodType<T>, shown: T): string =>
  JSON.stringify(schema.parse(shown));

function seenIn<T extends object>(schema: z.ZodType<T>, version: string): T {
  try {
    return schema.parse(JSON.parse(version));
  } catch {
    throw new Problem('bad_request', 'This form cannot be saved any more. Open it again.');
  }
}

const changeOrganization: FormAction = {
  async open({ accounts }, id) {
    const found = await accounts.organizations.find(id);
    if (!found) throw notFound();
    return {
      intro: '',
      version: versionOf(organizationEdit, found),
      isPartial: true,
      fields: fieldsOf(organizationEdit, organizationEdit.parse(found)),
    };
  },
  async send({ accounts }, actor, id, { version, values }) {
    const seen = seenIn(organizationEdit, version);
    const edit = { ...seen, ...parse(organizationEdit.partial(), values) };
    return accounts.organizations.change(id, edit, actor, seen);
  },
};

export const organizationOptionsAddress = '/admin/options/organizations';

/** By words of their name. */
export async function findOrganizations({ accounts }: Pick<ConsoleServices, 'accounts'>, find: string) {
  const { items } = await accounts.organizations.list({ find });
  return items.slice(0, 20).map(({ id, name }) => ({ value: id, label: name }));
}

const personEdit = z.object({
  name: z.string().meta({ label: 'Name' }),
  email: z.string().meta({
    label: 'E-mail',
    hint: 'They sign in with it. When it changes they are signed out, and the address before is told.',
  }),
  role: z.enum(roles, 'Choose a role').meta({
    label: 'Role',
    type: 'select',
    options: roles.map((role) => ({ value: role, label: roleNames[role] })),
    hint: 'When it changes they are signed out.',
  }),
  organizationId: z
    .string()
    .nullable()
    .transform((id) => id || null)
    .meta({
      label: 'Organisation of a referrer',
      type: 'search',
      source: organizationOptionsAddress,
      hint: 'Words of its name. Staff belong to none.',
    }),
});

const editOf = ({ name, email, role, organization }: Person): PersonEdit => ({
  name,
  email,
  role,
  organizationId: organization?.id ?? null,
});

async function personOf({ accounts }: ConsoleServices, id: string): Promise<Person> {
  const person = await accounts.people.find(id);
  if (!person) throw notFound();
  return person;
}

const changePerson: FormAction = {
  async open(services, id) {
    const person = await personOf(services, id);
    const edit = editOf(person);
    return {
      intro: person.awaitsInvitation
        ? 'Imported: they have not accepted an invitation yet. Another address, role or organisation revokes an open invitation: then invite them again.'
        : '',
      version: versionOf(personEdit, edit),
      isPartial: true,
      fields: fieldsOf(personEdit, edit, { organizationId: { display: person.organization?.name ?? '' } }),
    };
  },
  async send({ accounts }, actor, id, { version, values }) {
    const seen = seenIn(personEdit, version);
    const edit = { ...seen, ...parse(personEdit.partial(), values) };
    if (edit.role !== 'referrer') edit.organizationId = null;
    return answerOf(await accounts.editPerson(id, edit, actor, seen));
  },
};

/** @throws Problem */
function answerOf(done: { ok: true } | Failure<PersonFailure | Refusal>): Answer {
  if (done.ok) return done;
  const { reason } = done;
  if (reason === 'oneself' || reason === 'last_admin' || reason === 'merged_away')
    throw new Problem('bad_request', personWords[reason]);
  if (reason === 'unknown_organization')
    throw invalid([{ path: 'organizationId', message: 'Choose the organisation of this referrer' }]);
  return done;
}

const personWords = {
  oneself: 'You cannot do this to your own account.',
  last_admin: 'This is the only admin. Invite another one first.',
  merged_away: 'This person was merged into another record. Undo that merge first.',
};

export const peopleForms: Record<string, FormAction> = {
  'organizations/edit': changeOrganization,
  'users/edit': changePerson,
  'users/deactivate': confirmation(
    'This person is signed out at once and cannot sign in again. Their bookings stay.',
    async ({ accounts }, actor, id) => answerOf(await accounts.deactivate(id, actor)),
    'Deactivated',
  ),
  'users/reactivate': confirmation(
    'This person can sign in again, with the password and the second step of before.',
    async ({ accounts }, actor, id) => answerOf(await accounts.reactivate(id, actor)),
    'Reactivated',
  ),
  'users/end-sessions': confirmation(
    'Signs this person out on every device. They can sign in again.',
    async ({ accounts }, actor, id) => {
      const done = await accounts.endSessions(id, actor);
      return done.ok ? `Sessions ended: ${done.value.ended}` : answerOf(done);
    },
  ),
};
