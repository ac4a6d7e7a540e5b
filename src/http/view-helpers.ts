// Labels and functions for templates. Everything here is pure.
import { progressWords, statusWords } from '../bookings/index.ts';
import type { FieldError } from '../lib/result.ts';
import { typeWords } from '../specialists/index.ts';
import { paths } from './paths.ts';

export { progressWords, statusWords, typeWords };

type FieldErrors = FieldError[] | undefined;

/** `examinee.firstName` → `examinee-firstName`: the id of the field's (first) input. */
export function fieldId(path: string): string {
  return path.replaceAll('.', '-');
}

export function errorFor(errors: FieldErrors, path: string): string | undefined {
  return errors?.find((error) => error.path === path)?.message;
}

/** `Rita Shaw`, or `Rita Shaw, assisted by Ada Fox`: what the admin did while acting as her. */
export function withAdmin(person: { name: string }, admin: { name: string } | null): string {
  return admin ? `${person.name}, assisted by ${admin.name}` : person.name;
}

/** Whether a section of the navigation is current: `/bookings/new/…` is not in `/bookings`. */
function isCurrent(currentPath: string | undefined, section: string): boolean {
  const here = currentPath ?? '';
  if (section === paths.bookings() && here.startsWith(paths.newBooking())) return false;
  return here === section || here.startsWith(`${section}/`);
}

export const viewHelpers = { paths, progressWords, statusWords, typeWords, fieldId, errorFor, isCurrent };
