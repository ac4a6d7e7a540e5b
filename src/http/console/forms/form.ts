// What a form of the console is: its fields, and what sending it does.
import type { Request } from 'express';
import type { z } from 'zod';
import type { Actor } from '../../../accounts/index.ts';
import type { BookFailure, ChangeFailure } from '../../../attempts/index.ts';
import type { Failure } from '../../../lib/result.ts';
import { tidyProse } from '../../../lib/typed-text.ts';
import { badRequest, conflict, type Problem } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';

/** Offered only while the field `for` of the same form has one of these values, or none. */
type Only = { for: string; values: readonly string[] };

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'number' | 'search';
  value: string | number | boolean;
  only?: Only;
  options?: {
    value: string;
    label: string;
    only?: Only;
    /** Choosing it writes these values into fields that nobody has typed into. */
    fills?: Record<string, string>;
  }[];
  /** Of a search: GET `?query=` answers `{options: [{value, label}]}` while the reader types. */
  source?: string;
  /** Of a search: the name that belongs to the id in `value`. */
  display?: string;
  hint?: string | undefined;
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

/** What a room answers that does not do what was asked. */
export type Refusal =
  | Exclude<BookFailure | ChangeFailure, { reason: 'outcome_pending' }>
  | { reason: 'not_allowed' }
  /** The record changed after the form was opened. `now`: those of its fields that tell how. Unset: all. */
  | { reason: 'stale'; now?: FormField[] };

/** A text is the notice to show. */
export type Answer = string | { ok: true } | Failure<Refusal>;

export interface FormAction {
  open(services: ConsoleServices, id: string): Promise<Form>;
  /** The notice to show when it is done. Unset: Saved. */
  notice?: string | undefined;
  /** @throws Problem of what rooms answer that is no `Refusal` */
  send(
    services: ConsoleServices,
    actor: Actor,
    id: string,
    sent: { version: string; values: Values },
  ): Promise<Answer>;
}

/** The words of a search field. */
export function queryOf({ query: { query } }: Pick<Request, 'query'>): string {
  if (typeof query !== 'string' || query.length > 200)
    throw badRequest('Give one query of at most 200 characters.');
  return query;
}

/** A form without fields. */
export const confirmation = (intro: string, send: FormAction['send'], notice?: string): FormAction => ({
  open: () => Promise.resolve({ intro, fields: [], version: '' }),
  send,
  notice,
});

/** A checkbox when the value is true or false, a number's field when it is a number, otherwise a text's. */
export function formField(
  name: string,
  label: string,
  value: FormField['value'] | null,
  more: Partial<FormField> = {},
): FormField {
  const type = typeof value === 'boolean' ? 'checkbox' : typeof value === 'number' ? 'number' : 'text';
  return { name, label, type, value: more.type ? String(value ?? '') : (value ?? ''), ...more };
}

/** All that a form sends, as its schema describes it: `.meta({label, hint, …})`. @param more what else differs by field */
export function fieldsOf<T extends object>(
  { shape }: z.ZodObject<Record<keyof T & string, z.ZodType>>,
  values: T,
  more: Partial<Record<keyof T, Partial<FormField>>> = {},
): FormField[] {
  return (Object.keys(shape) as (keyof T & string)[]).map((name) => {
    const { label, ...described } = shape[name].meta() as Partial<FormField> & { label: string };
    const value = values[name] as FormField['value'] | null;
    return formField(name, label, value, { ...described, ...more[name] });
  });
}

/** Of a checkbox: AdminJS sends every value as text. Undefined: neither. */
export function ticked(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

/** The form keeps what was typed and shows the current value beside each field that differs. */
export function staleProblem(
  changed: { fields: FormField[]; version: string },
  values: Values,
  who: string,
): Problem {
  return conflict(
    'stale_version',
    `${who} changed this record after you opened it. The current values are shown beside the fields. Save again to overwrite them.`,
    { version: changed.version },
    changed.fields
      .filter(({ name }) => name in values)
      .filter((field) => !isAsSent(field, values))
      .map((field) => ({ path: field.name, message: `Now: ${asShown(field)}` })),
  );
}

/** Whether all that was sent is in the record already, as after a request that arrives twice. */
export function isSavedAlready(fields: FormField[], values: Values): boolean {
  const names = Object.keys(values);
  return (
    names.length > 0 &&
    names.every((name) => fields.some((field) => field.name === name && isAsSent(field, values)))
  );
}

const isAsSent = ({ name, value }: FormField, values: Values): boolean =>
  asText(values[name]) === asText(value);

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
