// What can be booked with a specialist: which appointment type in Acuity serves which of ours.
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityAppointmentType, AcuityCalendar, AcuityFailure } from '../ports/acuity.ts';
import type { Ids } from '../ports/ids.ts';
import { examinationTypes, type ExaminationType } from './specialist.ts';

export interface OfferDeps {
  db: Database;
  audit: AuditLog;
  acuity: Pick<Acuity, 'calendars' | 'appointmentTypes'>;
  ids: Ids;
}

export interface AcuityOffer {
  calendars: AcuityCalendar[];
  types: AcuityAppointmentType[];
}

/** The appointment type for each of our examination types; null: not offered. */
export type WantedServices = Record<ExaminationType, number | null>;

export type OfferFailure =
  | { reason: 'forbidden' }
  | { reason: 'not_found' }
  | InvalidFields
  | { reason: 'acuity'; because: AcuityFailure['reason'] };

export async function readOffer({
  acuity,
}: Pick<OfferDeps, 'acuity'>): Promise<Result<AcuityOffer, OfferFailure>> {
  const [calendars, types] = await Promise.all([acuity.calendars(), acuity.appointmentTypes()]);
  if (!calendars.ok) return failure({ reason: 'acuity', because: calendars.reason });
  if (!types.ok) return failure({ reason: 'acuity', because: types.reason });
  return ok({ calendars: calendars.value, types: types.value });
}

export async function readServices(db: Queryable, specialistId: string): Promise<WantedServices> {
  const rows = await db('specialist_services')
    .where({ specialist_id: specialistId })
    .select<{ type: ExaminationType; typeId: number }[]>('type', 'acuity_appointment_type_id as typeId');
  const found = new Map(rows.map(({ type, typeId }) => [type, typeId]));
  return { in_person: found.get('in_person') ?? null, telehealth: found.get('telehealth') ?? null };
}

export interface Service {
  type: ExaminationType;
  acuity_appointment_type_id: number;
  duration_minutes: number;
}

export function servicesOf(
  { types }: AcuityOffer,
  wanted: { calendarId: number; location: string | null; services: WantedServices },
): Result<Service[], OfferFailure> {
  const services: Service[] = [];
  for (const type of examinationTypes) {
    const chosen = wanted.services[type];
    if (chosen === null) continue;
    const found = types.find(({ id }) => id === chosen);
    if (!found?.calendarIds.includes(wanted.calendarId))
      return invalidField(
        type,
        'Acuity does not offer this on the calendar: add it there first, or choose another',
      );
    services.push({ type, acuity_appointment_type_id: found.id, duration_minutes: found.durationMinutes });
  }
  if (services.length === 0)
    return invalidField('in_person', 'Choose an appointment type for one of the two');
  if (wanted.services.in_person !== null && wanted.location === null) return placeMissing;
  return ok(services);
}

/** Replaces all services of the specialist. */
export async function writeServices(
  trx: Transaction,
  specialistId: string,
  services: Service[],
): Promise<void> {
  await trx('specialist_services').where({ specialist_id: specialistId }).delete();
  await trx('specialist_services').insert(
    services.map((service) => ({ specialist_id: specialistId, ...service })),
  );
}

export const placeMissing = invalidField('location', 'Enter where examinations in person take place');
