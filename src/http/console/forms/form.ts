// What a form of the console is: its fields, and what sending it does.
import type { Request } from 'express';
import type { Actor } from '../../../accounts/index.ts';
import { selectRows, tableNamed, whoChanged, type Filters } from '../../../console/index.ts';
import { tidyProse } from '../../../lib/typed-text.ts';
import { badRequest, conflict, type FieldProblem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'number' | 'search';
  value: string | number | boolean;
  options?: {
    value: string;
    label: string;
    /** Offered only while the field `for` of the same form has one of these values, or none. */
    only?: { for: string; values: string[] };
    /** Choosing it writes these values into fields that nobody has typed into. */
    fills?: Record<string, string>;
  }[];
  /** Of a search: GET `?query=` answers `{options: [{value, label}]}` while the reader types. */
  source?: string;
  /** Of a search: the name that belongs to the id in `value`. */
  display?: string;
  hint?: string;
}

export interface Form {
  intro: string;
  fields: FormField[];
  /** Of the record as shown; sent back and compared. */
  version: string;
  /** A value that is left out stays as it is: the page sends only what was changed in it, so that it overwrites nothing else. */
  isPartial?: true;
}

export type Values = Record<string, unknown>;

export interface FormAction {
  open(services: ConsoleServices, id: string): Promise<Form>;
  /** Returns the notice to show. @throws Problem */
  send(
    services: ConsoleServices,
    actor: Actor,
    id: string,
    sent: { version: string; values: Values },
  ): Promise<string>;
}

/** The words of a search field. */
export function queryOf({ query: { query } }: Pick<Request, 'query'>): string {
  if (typeof query !== 'string' || query.length > 200)
    throw badRequest('Give one query of at most 200 characters.');
  return query;
}

/** A form without fields: a confirmation. */
export const confirmation =
  (intro: string): FormAction['open'] =>
  () =>
    Promise.resolve({ intro, fields: [], version: '' });

/** Selects the rows of a list of the console. */
export function selectListed({ db }: Pick<ConsoleServices, 'db'>, id: string, filters: Filters) {
  return selectRows(db, tableNamed(id), filters);
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

/** Of a checkbox: AdminJS sends every value as text. Undefined: neither. */
export function ticked(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

/**
 * What is said of a record that changed after its form was opened: the notice when it has the same values, as after a
 * request that arrives twice.
 * @throws Problem otherwise: the form keeps what was typed and shows the current value beside each field that differs
 */
export async function savedOrStale(
  { db }: Pick<ConsoleServices, 'db'>,
  { viewer }: Actor,
  id: string,
  {
    now,
    version,
    values,
    notice = 'Saved',
  }: { now: FormField[]; version: string; values: Values; notice?: string },
): Promise<string> {
  const errors: FieldProblem[] = now
    .filter(({ name, value }) => name in values && asText(values[name]) !== asText(value))
    .map((field) => ({ path: field.name, message: `Now: ${asShown(field)}` }));
  const sent = Object.keys(values);
  const isKnown = (name: string) => now.some((field) => field.name === name);
  if (sent.length > 0 && sent.every(isKnown) && errors.length === 0) return notice;
  const changedBy = await whoChanged(db, id);
  const who =
    changedBy?.id === viewer.userId ? 'You, perhaps in another tab,' : (changedBy?.name ?? 'Somebody else');
  throw conflict(
    'stale_version',
    `${who} changed this record after you opened it. The current values are shown beside the fields. Save again to overwrite them.`,
    { version },
    errors,
  );
}

/** The values that differ from what the form shows: only these are checked. */
export function changedValues(shown: FormField[], values: Values): Values {
  return Object.fromEntries(
    shown
      .filter(
        ({ name, value }) => name in values && tidyProse(asText(values[name])) !== tidyProse(asText(value)),
      )
      .map(({ name }) => [name, values[name]]),
  );
}

/** Numbers come back from the form as digits. */
function asText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value as the form shows it. */
function asShown({ value, options, display }: FormField): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return display ?? options?.find((option) => option.value === value)?.label ?? (String(value) || 'empty');
}
