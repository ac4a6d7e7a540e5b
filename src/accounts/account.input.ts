// Schemas for what the account pages and the console submit.
import { z } from 'zod';
import type { FieldSchemas } from '../lib/typed-edit.ts';
import { blankAsNull, typedBox, typedEmail, typedLine } from '../lib/typed-input.ts';
import { nameFault } from '../lib/typed-name.ts';
import { tidyLine } from '../lib/typed-text.ts';
import { roleNames, roles, type Role } from './viewer.ts';

export const emailInput = typedEmail('Enter an e-mail address').toLowerCase();

export const nameInput = z
  .string('Enter a name')
  .overwrite(tidyLine)
  .min(1, { error: 'Enter a name', abort: true })
  .max(100, 'Enter a name of at most 100 characters')
  .refine((name) => nameFault(name) === null, 'Use only characters that belong in a name');

export const inviteInput = z
  .object({
    email: emailInput,
    name: z
      .preprocess((name) => (name === '' || name === null ? undefined : name), nameInput.optional())
      .optional(),
    role: z.enum(roles, 'Choose a role'),
    organizationId: z
      .preprocess(
        (id) => (id === '' || id === null ? undefined : id),
        z.uuid('Choose an organisation').optional(),
      )
      .optional(),
  })
  .superRefine(({ role, organizationId }, context) => {
    if (role === 'referrer' && !organizationId) {
      context.addIssue({ code: 'custom', path: ['organizationId'], message: 'Choose an organisation' });
    }
    if (role !== 'referrer' && organizationId) {
      const message = 'Staff belong to no organisation: leave it empty';
      context.addIssue({ code: 'custom', path: ['organizationId'], message });
    }
  });

export type InviteInput = z.input<typeof inviteInput>;

export interface PersonEdit {
  name: string;
  email: string;
  role: Role;
  /** The referrer's organisation; staff have none. */
  organizationId: string | null;
}

/** What admins change of a person, in the order of the form. */
export const personFields = z.object({
  name: nameInput.meta({ label: 'Name' }),
  email: emailInput.meta({
    label: 'E-mail',
    hint: 'They sign in with it. When it changes they are signed out, and the address before is told.',
  }),
  role: z.enum(roles, 'Choose a role').meta({
    label: 'Role',
    words: roleNames,
    hint: 'When it changes they are signed out.',
  }),
  organizationId: blankAsNull(z.string('Choose an organisation')).meta({
    label: 'Organisation of a referrer',
    hint: 'Words of its name. Staff belong to none.',
  }),
} satisfies FieldSchemas<PersonEdit>);

export interface OrganizationEdit {
  name: string;
  /** The number that examinees call; '' when there is none. */
  examineesCall: string;
  /** Whether its examinees get reminders by e-mail. */
  remindsExaminees: boolean;
  /** Whether its referrers must use two-step sign-in. */
  requiresTwoFactor: boolean;
}

export const organizationInput = z.object({
  name: typedLine('Enter the name of the organisation')
    .min(2, 'Enter the name of the organisation')
    .max(120, 'Enter a name of at most 120 characters')
    .refine((name) => !/[<>]/.test(name), 'Use only characters that belong in a name'),
});

/** What admins change of an organisation, in the order of the form. */
export const organizationFields = z.object({
  name: organizationInput.shape.name.meta({ label: 'Name' }),
  examineesCall: typedLine('Enter a phone number')
    .max(40, 'Enter a phone number of at most 40 characters')
    .refine((number) => /^(\+?[\d ().-]{6,})?$/.test(number), 'Enter one phone number, like 02 9000 0000')
    .meta({
      label: 'Phone number for examinees',
      hint: 'Whom examinees call when they cannot come or need help. Printed in their instructions and in their e-mails.',
    }),
  remindsExaminees: typedBox().meta({
    label: 'Remind examinees by e-mail, 7 days and 1 day before',
    hint: 'Only if this organisation wants it. Reminders go to the e-mail address in the booking.',
  }),
  requiresTwoFactor: typedBox().meta({
    label: 'Require two-step sign-in of its referrers',
    hint: 'Whoever has not set it up is led to do so with the next page, and can do nothing else before.',
  }),
} satisfies FieldSchemas<OrganizationEdit>);
