// Certificates, add-ons and labels: the practice has none, so every request that names one is refused.
import { refuse } from './errors.ts';
import { isBlank, numbersIn, objectsIn, text, type Body } from './values.ts';

export function refuseCertificate(given: unknown): void {
  if (!isBlank(given)) throw refuse('invalid_certificate', `The certificate "${text(given)}" is invalid.`);
}

/** The official pages have no code for an unknown add-on; this one is our choice. */
export function refuseAddons(given: unknown): void {
  const first = Array.isArray(given) ? (given as unknown[])[0] : given;
  if (!isBlank(first)) throw refuse('invalid_addon', `The addon "${text(first)}" does not exist.`);
}

export const refuseQueriedAddons = (query: Body): void => refuseAddons(numbersIn(query, 'addonIDs'));

/** The official pages have no code for an unknown label; this one is our choice. */
export function refuseLabels(given: unknown): void {
  const [first] = objectsIn(given);
  if (first) throw refuse('invalid_label', `The label "${text(first.id)}" does not exist.`);
}
