// Schemas for what the account pages and the console submit.
import { z } from 'zod';
import { typedEmail } from '../lib/typed-input.ts';
import { nameFault } from '../lib/typed-name.ts';
import { tidyLine } from '../lib/typed-text.ts';
import { roles } from './viewer.ts';

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

export interface InputError {
  path: string;
  message: string;
}

/** The first error of each field. @param field its path, when it was checked alone */
export function inputErrors(error: z.ZodError, field?: string): InputError[] {
  const byPath = new Map(
    error.issues.toReversed().map((issue) => [field ?? issue.path.join('.'), issue.message]),
  );
  return [...byPath].map(([path, message]) => ({ path, message })).toReversed();
}
