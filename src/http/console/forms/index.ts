import { bookingForms } from './bookings.forms.ts';
import { documentForms } from './documents.forms.ts';
import { exchangeForms } from './exchange.forms.ts';
import type { FormAction } from './form.ts';
import { intakeForms } from './intake.forms.ts';
import { peopleForms } from './people.forms.ts';
import { specialistForms } from './specialists.forms.ts';

/** By list and action. */
const forms: Record<string, FormAction> = {
  ...bookingForms,
  ...documentForms,
  ...specialistForms,
  ...peopleForms,
  ...exchangeForms,
  ...intakeForms,
};

export function formOf(table: string, action: string): FormAction | null {
  const name = `${table}/${action}`;
  return Object.hasOwn(forms, name) ? (forms[name] ?? null) : null;
}
