// The account's intake forms: the fixture's, and those that `POST /_sim/forms` adds or replaces.
import { z } from 'zod';
import { fieldTypes, findType, fixtureForms, type FormField, type IntakeForm } from './fixture.ts';
import type { World } from './world.ts';

const fieldSchema = z
  .object({
    id: z.int().positive(),
    name: z.string().trim().min(1),
    required: z.boolean(),
    type: z.enum(fieldTypes),
    options: z
      .array(z.string().trim().min(1))
      .nullish()
      .transform((options) => options ?? []),
  })
  .refine(({ type, options }) => !hasOptions(type) || options.length > 0, {
    path: ['options'],
    error: 'A dropdown and a checkboxlist need at least one option',
  })
  .refine(({ options }) => isUnique(options), {
    path: ['options'],
    error: 'Each option must be there once only',
  });

const formSchema = z.object({
  id: z.int().positive(),
  name: z.string().trim().min(1),
  description: z.string().default(''),
  hidden: z.boolean().default(false),
  appointmentTypeIDs: z.array(
    z.int().refine((id) => findType(id), {
      error: ({ input }) => `The appointment type "${String(input)}" does not exist`,
    }),
  ),
  fields: z.array(fieldSchema).refine((fields) => isUnique(fields.map(({ id }) => id)), {
    error: 'Two fields of the form have the same id',
  }),
});

export const formsSchema = z.object({
  forms: z.array(formSchema).refine((forms) => isUnique(forms.map(({ id }) => id)), {
    error: 'Two of the forms have the same id',
  }),
});

export function hasOptions(type: FormField['type']): boolean {
  return type === 'dropdown' || type === 'checkboxlist';
}

/** A form replaces the one with the same id, fixture forms included. */
export function addForms({ store }: World, given: IntakeForm[]): void {
  const forms = new Map([...store.state.forms, ...given].map((form) => [form.id, form]));
  store.state.forms = [...forms.values()];
  store.save();
}

/** In the order in which Acuity shows them. */
export function accountForms({ store }: Pick<World, 'store'>): IntakeForm[] {
  const forms = new Map([...fixtureForms, ...store.state.forms].map((form) => [form.id, form]));
  return [...forms.values()];
}

export function formsOfType(world: Pick<World, 'store'>, typeId: number): IntakeForm[] {
  return accountForms(world).filter((form) => form.appointmentTypeIDs.includes(typeId));
}

export function fieldsOfType(world: Pick<World, 'store'>, typeId: number): FormField[] {
  return formsOfType(world, typeId).flatMap((form) => form.fields);
}

function isUnique(values: unknown[]): boolean {
  return new Set(values).size === values.length;
}
