import { bookingEditors, bookingForms } from './bookings.forms.ts';
import { exchangeForms } from './exchange.forms.ts';
import type { FormAction } from './form.ts';
import { peopleEditors, peopleForms } from './people.forms.ts';
import { specialistEditors, specialistForms } from './specialists.forms.ts';

/** Of our own pages: verbs. */
const forms: Record<string, FormAction> = {
  ...bookingForms,
  ...specialistForms,
  ...peopleForms,
  ...exchangeForms,
};

/** Of AdminJS's `edit` and `new` (console.edit.ts). */
const editors: Record<string, FormAction> = { ...bookingEditors, ...specialistEditors, ...peopleEditors };

export type { FormAction } from './form.ts';

export const formOf = (table: string, action: string) => found(forms, `${table}/${action}`);
export const editorOf = (table: string, action: string) => found(editors, `${table}/${action}`);

function found(all: Record<string, FormAction>, name: string): FormAction | null {
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null;
}
