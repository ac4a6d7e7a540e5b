import { bookingForms } from './bookings.forms.ts';
import { documentForms } from './documents.forms.ts';
import { exchangeForms } from './exchange.forms.ts';
import type { FormAction } from './form.ts';
import { intakeForms } from './intake.forms.ts';
import { peopleForms } from './people.forms.ts';
import { specialistForms } from './specialists.forms.ts';

export { optionRoutes } from './options.ts';

/** Each form by its list and action. */
const forms = new Map<string, FormAction>(
  Object.entries({
    ...bookingForms,
    ...documentForms,
    ...specialistForms,
    ...peopleForms,
    ...exchangeForms,
    ...intakeForms,
  }),
);

export const formOf = (table: string, action: string): FormAction | null =>
  forms.get(`${table}/${action}`) ?? null;
