// What Acuity's intake form says about an examination. Lenient: whatever stands there has happened.
import { createHash } from 'node:crypto';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { parseDay } from '../lib/dates.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { IntakeFields } from './booking.acuity.ts';
import type { Examinee } from './booking.ts';

export interface Answers {
  reference: string | null;
  organization: string | null;
  claimNumber: string | null;
  /** Only what was answered. */
  examinee: { [Key in keyof Examinee]?: string };
  /** Of the answers that become columns here: differs when one of them was changed in Acuity. */
  digest: string;
}

const longest = 200;
const unprintable = /[\p{Cc}\p{Cs}]/gu;

export function answersOf(appointment: Appointment, fields: IntakeFields): Answers {
  const said = (name: Parameters<IntakeFields['get']>[0]): string | null => {
    const id = fields.get(name);
    const answer = id === undefined ? undefined : appointment.answers.get(id);
    return answer?.replaceAll(unprintable, ' ').trim().slice(0, longest) || null;
  };
  const phone = said('examinee_phone');
  const details = {
    firstName: said('examinee_first_name'),
    lastName: said('examinee_last_name'),
    phone: phone && phoneOf(phone),
    email: said('examinee_email'),
    dateOfBirth: dayOf(said('examinee_date_of_birth')),
    claimNumber: said('claim_number'),
  };
  const { claimNumber, ...examinee } = details;
  return {
    reference: said('reference')?.toUpperCase() ?? null,
    organization: said('organization'),
    claimNumber,
    examinee: Object.fromEntries(Object.entries(examinee).filter(([, value]) => value !== null)),
    digest: createHash('sha256').update(JSON.stringify(details)).digest('base64url'),
  };
}

/** As it was typed when it is no number we know: staff see what stands in Acuity. */
function phoneOf(typed: string): string {
  const parsed = parsePhoneNumberFromString(typed, { defaultCountry: 'AU', extract: false });
  return parsed?.isValid() ? parsed.number : typed.slice(0, 40);
}

/** `1984-03-27`, `27/03/1984` and `27.3.1984`; anything else is for staff to read in Acuity. */
function dayOf(typed: string | null): string | null {
  if (typed === null) return null;
  const [, day, month, year] = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(typed) ?? [];
  const iso = year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : typed;
  return parseDay(iso) === null ? null : iso;
}
