import { Router } from 'express';
import type { ConsoleServices } from '../console.services.ts';
import { bookingForms, findReferrers, referrerOptionsAddress } from './bookings.forms.ts';
import { documentForms } from './documents.forms.ts';
import { exchangeForms } from './exchange.forms.ts';
import { queryOf, type FormAction } from './form.ts';
import { intakeForms } from './intake.forms.ts';
import { findOrganizations, organizationOptionsAddress, peopleForms } from './people.forms.ts';
import { specialistForms } from './specialists.forms.ts';

/** By list and action. */
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

/** What search fields find: GET `?query=` answers `{options: [{value, label}]}`. */
export function optionRoutes(services: ConsoleServices): Router {
  const router = Router();
  const sources = {
    [referrerOptionsAddress]: findReferrers,
    [organizationOptionsAddress]: findOrganizations,
  };
  for (const [address, find] of Object.entries(sources))
    router.get(address, async (req, res) => {
      res.json({ options: await find(services, queryOf(req)) });
    });
  return router;
}
