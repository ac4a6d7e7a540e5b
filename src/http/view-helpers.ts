// Words and shapes that templates share. Everything here is pure.
import type { BookingStatus, Progress } from '../bookings/index.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { paths } from './paths.ts';

export const progressWords: Record<Progress, string> = {
  scheduled: 'Scheduled',
  rescheduled: 'Rescheduled',
  cancelled: 'Cancelled',
  no_show: 'Did not attend',
  generating_report: 'Report being written',
  report_generated: 'Report ready',
  payment_received: 'Payment received',
};

export const statusWords: Record<BookingStatus, string> = {
  active: 'Active',
  cancelled: 'Cancelled',
  closed: 'Closed',
  archived: 'Archived',
};

export const typeWords: Record<ExaminationType, string> = {
  in_person: 'In person',
  telehealth: 'Telehealth',
};

type FieldErrors = { path: string; message: string }[] | undefined;

/** `examinee.firstName` → `examinee-firstName`: the id of the field's (first) input. */
export function fieldId(path: string): string {
  return path.replaceAll('.', '-');
}

export function errorFor(errors: FieldErrors, path: string): string | undefined {
  return errors?.find((error) => error.path === path)?.message;
}

/** The current section of the navigation: `/bookings/new/…` is not `/bookings`. */
function isCurrent(currentPath: string | undefined, section: string): boolean {
  const here = currentPath ?? '';
  if (section === paths.bookings() && here.startsWith(paths.newBooking())) return false;
  return here === section || here.startsWith(`${section}/`);
}

export const viewHelpers = { paths, progressWords, statusWords, typeWords, fieldId, errorFor, isCurrent };
