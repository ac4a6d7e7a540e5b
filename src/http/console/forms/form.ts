// What a form of the console is: what it asks, and which verb of which room it calls.
import type { Actor } from '../../../accounts/index.ts';
import { selectRows, tableOf, type Filters } from '../../../console/index.ts';
import { conflict, type FieldProblem, type Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'date' | 'number' | 'search';
  value: string | number | boolean;
  options?: { value: string; label: string }[];
  /** Of a search: where to ask as one types, GET `?query=`, answered `{options: [{value, label}]}`. */
  source?: string;
  /** Of a search: the name of what `value` is the id of. */
  display?: string;
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

/** As they stand in that list. */
export function listed({ db }: Pick<ConsoleServices, 'db'>, id: string, filters: Filters) {
  const table = tableOf(id);
  if (!table) throw new Error(`There is no list of ${id}`);
  return selectRows(db, table, filters);
}

export const text = (
  name: string,
  label: string,
  value: string | null,
  more: Partial<FormField> = {},
): FormField => ({
  name,
  label,
  type: 'text',
  value: value ?? '',
  ...more,
});

/** Both are shown: what one typed stays in the field, what stands there now is said beside it. */
export function staleProblem(now: FormField[], version: string, values: Values): Problem {
  const errors: FieldProblem[] = now
    .filter(({ name, value }) => name in values && asText(values[name]) !== asText(value))
    .map((field) => ({ path: field.name, message: `Now: ${asShown(field)}` }));
  return conflict(
    'stale_version',
    'Somebody else changed this since you opened it. Beside each field is what stands there now; save again to overwrite it.',
    { version },
    errors,
  );
}

/** A number comes back as the digits that stand in its field. */
function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** As one sees it in the form, not as it is sent. */
function asShown({ value, options, display }: FormField): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return display ?? options?.find((one) => one.value === value)?.label ?? (String(value) || 'empty');
}
