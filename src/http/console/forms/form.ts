// What a form of the console is: its record, its fields, and the verb of a room that gets what was typed.
// ../console.refusals.ts turns what the verb refuses into problems.
import type { z } from 'zod';
import type { Actor, PersonFailure } from '../../../accounts/index.ts';
import type { BookFailure, ChangeFailure } from '../../../attempts/index.ts';
import type { CategoryFailure } from '../../../documents/index.ts';
import type { Failure, Ok } from '../../../lib/result.ts';
import type { Sent } from '../../../lib/typed-edit.ts';
import type { MappingFailure } from '../../../questions/index.ts';
import type { OfferFailure } from '../../../specialists/index.ts';
import type { ConsoleServices } from '../console.services.ts';
import type { OptionSource } from './options.ts';

/** The option is offered only while the field `for` of the same form is empty or has one of these values. */
type Only = { for: string; values: readonly string[] };

interface Option {
  value: string;
  label: string;
  only?: Only;
  /** Choosing it writes these values into fields that nobody has typed into. */
  fills?: Record<string, string>;
}

export interface FormField {
  name: string;
  label: string;
  type: 'text' | 'textarea' | 'select' | 'checkbox' | 'number' | 'search';
  value: string | number | boolean;
  only?: Only;
  options?: Option[];
  /** The address at which a search finds options. */
  source?: OptionSource;
  /** If `value` is an id or a suggestion: the record's value in words. */
  display?: string;
  /** If `value` is a suggestion: the record's value. */
  current?: string;
  hint?: string | undefined;
}

/** The answer of a room that refuses a verb. */
export type Refusal =
  | BookFailure
  | ChangeFailure
  | PersonFailure
  | OfferFailure
  | CategoryFailure
  | Exclude<MappingFailure, { reason: 'stale' }>
  | { reason: 'under_way' }
  | { reason: 'no_such_job' }
  | { reason: 'skipped'; why: string }
  /** The record changed after the form was opened. */
  | { reason: 'stale' };

/** The answer of a room that did it. A text is the notice to show. `id`: the record that an action of a list has made. */
export type Answer = string | Ok<unknown> | Failure<Refusal>;

export interface SentForm {
  /** The record's version, as it was shown. */
  version: string;
  /** The values of the fields, as they were shown. */
  seen: Sent;
  values: Sent;
}

type MaybeLater<T> = T | Promise<T>;

/** A form. When it is opened, it shows a record (`read`); when it is sent, it calls the verb of a room (`send`). */
export interface FormAction<Shown = unknown> {
  /** Null when there is no such record. */
  read(services: ConsoleServices, id: string): MaybeLater<Shown | null>;
  intro(shown: Shown, services: ConsoleServices): MaybeLater<string>;
  /** The fields. Unset: the form only asks whether to continue. */
  fields?(shown: Shown, services: ConsoleServices): MaybeLater<FormField[]>;
  /** The version of the record, which is sent back and compared. Unset: the values of the fields. */
  version?(shown: Shown): string | number;
  /** Values that are left out stay as they are: the page sends only changed ones, so that it overwrites nothing else. */
  isPartial?: true;
  send(services: ConsoleServices, actor: Actor, id: string, sent: SentForm): Promise<Answer>;
  /** The notice to show when it is done. Unset: Saved. */
  notice?: string;
}

/** Each form is handed what it has read itself. */
export const recordForm = <Shown>(form: FormAction<Shown>): FormAction => form;

/** A form without fields and version. */
export const confirmation = (intro: string, send: FormAction['send'], notice = 'Saved'): FormAction => ({
  read: () => true,
  intro: () => intro,
  send,
  notice,
});

/** A select when it has options, a search when it has a source; otherwise what the value is: a checkbox, a number, or text. */
export function formField(
  name: string,
  label: string,
  value: FormField['value'] | null,
  more: Partial<FormField> = {},
): FormField {
  const type = more.type ?? (more.options && 'select') ?? (more.source && 'search') ?? typeOf(value);
  return { name, label, type, value: type === 'select' ? String(value ?? '') : (value ?? ''), ...more };
}

function typeOf(value: FormField['value'] | null): FormField['type'] {
  if (typeof value === 'boolean') return 'checkbox';
  return typeof value === 'number' ? 'number' : 'text';
}

/** Values and their words, in the order of the words. */
export function optionsOf(words: Readonly<Record<string, string>>): Option[] {
  return Object.entries(words).map(([value, label]) => ({ value, label }));
}

type Described = Partial<FormField> & { label: string; words?: Record<string, string> };

/** All fields of a room's list, each as its schema describes it: `.meta({label, hint, …})`. @param more what else differs by field */
export function fieldsOf<Name extends string>(
  { shape }: z.ZodObject<Record<Name, z.ZodType>>,
  values: Readonly<Record<NoInfer<Name>, unknown>>,
  more: Partial<Record<NoInfer<Name>, Partial<FormField>>> = {},
): FormField[] {
  return (Object.keys(shape) as Name[]).map((name) => {
    const { label, words, ...described } = shape[name].meta() as Described;
    const options = words && { options: optionsOf(words) };
    const value = values[name] as FormField['value'] | null;
    return formField(name, label, value, { ...described, ...options, ...more[name] });
  });
}
