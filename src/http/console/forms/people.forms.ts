import { z } from 'zod';
import type { OrganizationEdit } from '../../../accounts/index.ts';
import { forbidden, invalid, notFound, Problem } from '../../problem.ts';
import { confirmation, staleProblem, text, ticked, type FormAction, type FormField } from './form.ts';

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

/** Organisations have no version column: the values shown are the version. */
const versionOf = ({ name, remindsExaminees, requiresTwoFactor, examineesCall }: OrganizationEdit) =>
  JSON.stringify({ name, remindsExaminees, requiresTwoFactor, examineesCall });

function seenIn(version: string): OrganizationEdit {
  try {
    return organizationEdit.parse(JSON.parse(version));
  } catch {
    throw new Problem('bad_request', 'This form cannot be saved any more. Open it again.');
  }
}

const changeOrganization: FormAction = {
  async open({ accounts }, id) {
    const found = await accounts.organizations.find(id);
    if (!found) throw notFound();
    return { intro: '', version: versionOf(found), fields: organizationFields(found) };
  },
  async send({ accounts }, actor, id, { version, values }) {
    const seen = seenIn(version);
    const edit = {
      name: typeof values.name === 'string' ? values.name : seen.name,
      remindsExaminees: ticked(values.remindsExaminees) ?? seen.remindsExaminees,
      requiresTwoFactor: ticked(values.requiresTwoFactor) ?? seen.requiresTwoFactor,
      examineesCall: typeof values.examineesCall === 'string' ? values.examineesCall : seen.examineesCall,
    };
    const changed = await accounts.organizations.change(id, edit, actor, seen);
    if (changed.ok) return 'Saved';
    if (changed.reason === 'stale') {
      const { current } = changed;
      throw staleProblem(organizationFields(current), versionOf(current), values);
    }
    if (changed.reason === 'invalid') throw invalid(changed.errors);
    throw changed.reason === 'not_found' ? notFound() : forbidden();
  },
};

const personWords = {
  oneself: 'You cannot do this to your own account.',
  last_admin: 'This is the only admin. Invite another one first.',
  unknown_organization: 'There is no such organisation.',
  merged_away: 'This person was merged into another record.',
};

const deactivate: FormAction = {
  open: confirmation('This person is signed out at once and cannot sign in again. Their bookings stay.'),
  async send({ accounts }, actor, id) {
    const done = await accounts.deactivate(id, actor);
    if (done.ok) return 'Deactivated';
    if (done.reason === 'not_found') throw notFound();
    throw done.reason === 'not_allowed' ? forbidden() : new Problem('bad_request', personWords[done.reason]);
  },
};

const endSessions: FormAction = {
  open: confirmation('Signs this person out on every device. They can sign in again.'),
  async send({ accounts }, actor, id) {
    const done = await accounts.endSessions(id, actor);
    if (done.ok) return `Sessions ended: ${done.value.ended}`;
    throw done.reason === 'not_found' ? notFound() : forbidden();
  },
};

export const peopleForms = {
  'organizations/edit': changeOrganization,
  'users/deactivate': deactivate,
  'users/end-sessions': endSessions,
};
