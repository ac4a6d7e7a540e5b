// What a form of the console is: what it asks, and which verb of which room it calls.
import type { Actor } from '../../../accounts/index.ts';
import { conflict, type FieldProblem, type Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'date' | 'number';
  value: string | number | boolean;
  options?: { value: string; label: string }[];
  hint?: string;
}

export interface Form {
  intro: string;
  submit: string;
  fields: FormField[];
  /** What was looked at: sent back, and compared. */
  version: string;
}

export type Values = Record<string, unknown>;

export interface FormAction {
  open(services: ConsoleServices, id: string): Promise<Form>;
  /** What to tell. @throws Problem */
  send(
    services: ConsoleServices,
    actor: Actor,
    id: string,
    sent: { version: string; values: Values },
  ): Promise<string>;
}

export const question =
  (intro: string, submit: string): FormAction['open'] =>
  () =>
    Promise.resolve({ intro, submit, fields: [], version: '' });

export const text = (
  name: string,
  label: string,
  value: string | null,
  more: Partial<FormField> = {},
): FormField => ({
  ...{ name, label, type: 'text', value: value ?? '' },
  ...more,
});

/** Both are shown: what one typed stays in the field, what stands there now is said beside it. */
export function staleProblem(now: FormField[], version: string, values: Values): Problem {
  const errors: FieldProblem[] = now
    .filter(({ name, value }) => name in values && (values[name] ?? '') !== value)
    .map(({ name, value }) => ({ path: name, message: `Now: ${String(value) || 'empty'}` }));
  return conflict(
    'stale_version',
    'Somebody else changed this since you opened it. Beside each field is what stands there now; save again to overwrite it.',
    { version },
    errors,
  );
}

export function words(code: string): string {
  return code.replaceAll('_', ' ');
}
