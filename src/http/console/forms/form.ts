// What a form of the console is: which record, which of its fields, and which verb of a room gets what was typed. What the
// verb refuses is told by ../console.refusals.ts.
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

/** Offered only while the field `for` of the same form has one of these values, or none. */
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
  /** Where a search finds options. */
  source?: OptionSource;
  /** Where `value` is an id, or a suggestion: what the record has, in words. */
  display?: string;
  /** Where `value` is a suggestion: what the record has. */
  current?: string;
  hint?: string | undefined;
}

/** What a room answers that does not do what was asked. */
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

/** A text is the notice to show. `id`: of the record that an action of a list has made. */
export type Answer = string | Ok<unknown> | Failure<Refusal>;

export interface SentForm {
  /** The record's, as it was shown. */
  version: string;
  /** The fields as they were shown. */
  seen: Sent;
  values: Sent;
}

type MaybeLater<T> = T | Promise<T>;

/** Opened, it shows a record; sent, it asks the room. */
export interface FormAction<Shown = unknown> {
  /** Null: there is no such record. */
  read(services: ConsoleServices, id: string): MaybeLater<Shown | null>;
  intro(shown: Shown, services: ConsoleServices): MaybeLater<string>;
  /** Unset: the form asks whether to go on. */
  fields?(shown: Shown, services: ConsoleServices): MaybeLater<FormField[]>;
  /** What of the record was shown: sent back, and compared. Unset: what the fields show. */
  version?(shown: Shown): string | number;
  /** A value that is left out stays as it is: the page sends only what was changed in it, so that it overwrites nothing else. */
  isPartial?: true;
  send(services: ConsoleServices, actor: Actor, id: string, sent: SentForm): Promise<Answer>;
  /** The notice to show when it is done. Unset: Saved. */
  notice?: string;
}

/** Each form is handed what it has read itself. */
export const recordForm = <Shown>(form: FormAction<Shown>): FormAction => form;

/** A form without fields, of no version. */
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
