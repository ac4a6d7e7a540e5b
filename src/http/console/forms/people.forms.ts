import { z } from 'zod';
import type { RequestHandler } from 'express';
import {
  roleNames,
  roles,
  type OrganizationEdit,
  type Person,
  type PersonEdit,
  type PersonFailure,
} from '../../../accounts/index.ts';
import { forbidden, invalid, notFound, parse, Problem } from '../../problem.ts';
import {
  queryOf,
  confirmation,
  savedOrStale,
  text,
  ticked,
  type FormAction,
  type FormField,
} from './form.ts';
import type { ConsoleServices } from '../console.services.ts';

const organizationEdit = z.object({
  name: z.string(),
  remindsExaminees: z.boolean(),
  requiresTwoFactor: z.boolean(),
  examineesCall: z.string(),
});

const organizationFields = ({
  name,
  remindsExaminees,
  requiresTwoFactor,
  examineesCall,
}: OrganizationEdit): FormField[] => [
  text('name', 'Name', name),
  text('examineesCall', 'Phone number for examinees', examineesCall, {
    hint: 'Whom examinees call when they cannot come or need help. Printed in their instructions and in their e-mails.',
  }),
  {
    name: 'remindsExaminees',
    label: 'Remind examinees by e-mail, 7 days and 1 day before',
    type: 'checkbox',
    value: remindsExaminees,
    hint: 'Only if this organisation wants it. Reminders go to the e-mail address in the booking.',
  },
  {
    name: 'requiresTwoFactor',
    label: 'Require two-step sign-in of its referrers',
    type: 'checkbox',
    value: requiresTwoFactor,
    hint: 'Whoever has not set it up is led to do so with the next page, and can do nothing else before.',
  },
];

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
      fields: organizationFields(found),
    };
  },
  async send(services, actor, id, { version, values }) {
    const seen = seenIn(organizationEdit, version);
    const edit = {
      name: typeof values.name === 'string' ? values.name : seen.name,
      remindsExaminees: ticked(values.remindsExaminees) ?? seen.remindsExaminees,
      requiresTwoFactor: ticked(values.requiresTwoFactor) ?? seen.requiresTwoFactor,
      examineesCall: typeof values.examineesCall === 'string' ? values.examineesCall : seen.examineesCall,
    };
    const changed = await services.accounts.organizations.change(id, edit, actor, seen);
    if (changed.ok) return 'Saved';
    if (changed.reason === 'stale') {
      const { current } = changed;
      const newest = versionOf(organizationEdit, current);
      return savedOrStale(services, actor, id, { now: organizationFields(current), version: newest, values });
    }
    if (changed.reason === 'invalid') throw invalid(changed.errors);
    throw changed.reason === 'not_found' ? notFound() : forbidden();
  },
};

const personEdit = z.object({
  name: z.string(),
  email: z.string(),
  role: z.enum(roles),
  organizationId: z.string().nullable(),
});

export const organizationOptionsAddress = '/admin/options/organizations';

/** GET `?query=`: organisations by words of their name, as `{options: [{value, label}]}`. */
export const organizationOptions =
  ({ accounts }: Pick<ConsoleServices, 'accounts'>): RequestHandler =>
  async (req, res) => {
    const { items } = await accounts.organizations.list({ find: queryOf(req) });
    res.json({ options: items.slice(0, 20).map(({ id, name }) => ({ value: id, label: name })) });
  };

const personFields = (edit: PersonEdit, organization: Person['organization']): FormField[] => [
  text('name', 'Name', edit.name),
  text('email', 'E-mail', edit.email, {
    hint: 'They sign in with it. When it changes they are signed out, and the address before is told.',
  }),
  text('role', 'Role', edit.role, {
    type: 'select',
    options: roles.map((role) => ({ value: role, label: roleNames[role] })),
    hint: 'When it changes they are signed out.',
  }),
  text('organizationId', 'Organisation of a referrer', edit.organizationId, {
    type: 'search',
    source: organizationOptionsAddress,
    display: organization?.name ?? '',
    hint: 'Words of its name. Staff belong to none.',
  }),
];

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
      fields: personFields(edit, person.organization),
    };
  },
  async send(services, actor, id, { version, values }) {
    const seen = seenIn(personEdit, version);
    const typed = (name: keyof PersonEdit) => {
      const value = values[name];
      return typeof value === 'string' ? value : seen[name];
    };
    const role = parse(z.object({ role: z.enum(roles, 'Choose a role') }), { role: typed('role') }).role;
    const edit = {
      name: typed('name') ?? '',
      email: typed('email') ?? '',
      role,
      organizationId: role === 'referrer' ? typed('organizationId') || null : null,
    };
    const changed = await services.accounts.editPerson(id, edit, actor, seen);
    if (changed.ok) return 'Saved';
    if (changed.reason === 'invalid') throw invalid(changed.errors);
    if (changed.reason !== 'stale') throw personProblem(changed.reason);
    const { organization } = await personOf(services, id);
    const now = personFields(changed.current, organization);
    const newest = versionOf(personEdit, changed.current);
    return savedOrStale(services, actor, id, { now, version: newest, values });
  },
};

function personProblem(reason: PersonFailure['reason']): Problem {
  if (reason === 'not_found') return notFound();
  if (reason === 'not_allowed') return forbidden();
  if (reason === 'unknown_organization')
    return invalid([{ path: 'organizationId', message: 'Choose the organisation of this referrer' }]);
  return new Problem('bad_request', personWords[reason]);
}

const personWords = {
  oneself: 'You cannot do this to your own account.',
  last_admin: 'This is the only admin. Invite another one first.',
  merged_away: 'This person was merged into another record. Undo that merge first.',
};

const deactivate: FormAction = {
  open: confirmation('This person is signed out at once and cannot sign in again. Their bookings stay.'),
  async send({ accounts }, actor, id) {
    const done = await accounts.deactivate(id, actor);
    if (done.ok) return 'Deactivated';
    throw personProblem(done.reason);
  },
};

const reactivate: FormAction = {
  open: confirmation('This person can sign in again, with the password and the second step of before.'),
  async send({ accounts }, actor, id) {
    const done = await accounts.reactivate(id, actor);
    if (done.ok) return 'Reactivated';
    throw personProblem(done.reason);
  },
};

const endSessions: FormAction = {
  open: confirmation('Signs this person out on every device. They can sign in again.'),
  async send({ accounts }, actor, id) {
    const done = await accounts.endSessions(id, actor);
    if (done.ok) return `Sessions ended: ${done.value.ended}`;
    throw personProblem(done.reason);
  },
};

export const peopleForms = {
  'organizations/edit': changeOrganization,
  'users/edit': changePerson,
  'users/deactivate': deactivate,
  'users/reactivate': reactivate,
  'users/end-sessions': endSessions,
};
