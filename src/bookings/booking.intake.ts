// Maps questions of Acuity's intake form to details of a booking.
import type { Queryable } from '../db/knex.ts';
import { readIntakeFields, type IntakeSettings, type MappableDetail } from '../questions/index.ts';
import type { IntakeDeps } from './booking.deps.ts';
import { details, type DetailIntakeName } from './booking.details.ts';

/** A form question that the booking itself answers: a detail, or the booking's organisation, referrer or reference. */
export type IntakeName = DetailIntakeName | 'reference' | 'organization';

const referenceWords = {
  'booking reference': 3,
  'examdesk reference': 3,
  'appointment reference': 2,
  'agency reference': 2,
  'our reference': 2,
  examdesk: 2,
  'reference number': 1,
  reference: 1,
};
const organizationWords = {
  organisation: 3,
  organization: 3,
  'organisation name': 3,
  'organization name': 3,
  'law firm': 3,
  'referring organisation': 3,
  'referring organization': 3,
  firm: 2,
  company: 2,
  'company name': 2,
};

/** What an Acuity question can be mapped to, in the order of the form. */
export function intakeDetails(): MappableDetail[] {
  const ofBooking = details.flatMap(({ intake, label }) => (intake ? [{ ...intake, label }] : []));
  return [
    { name: 'reference', label: 'Booking reference', words: referenceWords },
    ...ofBooking.map(({ name, label, words }) => ({ name, label, words })),
    { name: 'organization', label: 'Organisation', words: organizationWords },
  ];
}

/** Acuity's field id by name. */
export type IntakeFields = ReadonlyMap<IntakeName, number>;

/** Reads the current mapping; the configured reference field overrides the stored one. */
export async function intakeFields(db: Queryable, settings: IntakeSettings): Promise<IntakeFields> {
  return (await readIntakeFields(db, settings)) as Map<IntakeName, number>;
}

/** Ids of the fields that the booking itself answers. */
export type OwnFields = ReadonlyMap<IntakeName | 'referrer', number>;

export async function ownFields(db: Queryable, deps: IntakeDeps): Promise<OwnFields> {
  const { referrerFieldId } = deps;
  const fields = [...(await intakeFields(db, deps))];
  return new Map<IntakeName | 'referrer', number>(
    referrerFieldId ? [...fields, ['referrer', referrerFieldId]] : fields,
  );
}

/** Whether the booking itself answers this field, so that nobody is asked it. */
export function isOwnDetail(fields: OwnFields, fieldId: number): boolean {
  return [...fields.values()].includes(fieldId);
}
