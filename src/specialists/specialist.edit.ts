// What an admin can change of a specialist. The calendar and its zone come from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import {
  placeMissing,
  readOffer,
  readServices,
  servicesOf,
  writeServices,
  type OfferDeps,
  type OfferFailure,
  type WantedServices,
} from './specialist.services.ts';
import { examinationTypes } from './specialist.ts';

export interface SpecialistEdit {
  name: string;
  title: string | null;
  specialty: string;
  location: string | null;
  qualifications: string | null;
  /** Separated by commas. */
  languages: string | null;
  /** One a line. */
  examines: string | null;
  /** Until the report; shown until enough reports tell. */
  reportDays: number | null;
  position: number;
  isActive: boolean;
}

export type SpecialistEditFailure =
  | OfferFailure
  /** Somebody else changed the specialist since it was read. */
  | { reason: 'stale' };

/**
 * Asks Acuity only when other services are wanted.
 * @param seen the specialist's `updated_at` as it was shown
 */
export async function editSpecialist(
  deps: OfferDeps,
  actor: Actor,
  id: string,
  seen: Date,
  { services: wantedServices, ...edit }: SpecialistEdit & { services: WantedServices },
): Promise<Result<null, SpecialistEditFailure>> {
  const { db, audit } = deps;
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const servicesNow = await readServices(db, id);
  const hasOther = examinationTypes.some((type) => servicesNow[type] !== wantedServices[type]);
  const offer = hasOther ? await readOffer(deps) : null;
  if (offer && !offer.ok) return offer;
  return db.transaction(async (trx): Promise<Result<null, SpecialistEditFailure>> => {
    const row = await trx('specialists').where({ id }).forUpdate().first();
    if (!row) return failure({ reason: 'not_found' });
    // Whoever changes the services changes `updated_at`, too: `servicesNow` still holds.
    if (row.updated_at.getTime() !== seen.getTime()) return failure({ reason: 'stale' });
    if (wantedServices.in_person !== null && edit.location === null) return placeMissing;
    const wanted = columnsOf(edit);
    const columns: string[] = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
      (name) => wanted[name] !== row[name],
    );
    if (offer) {
      const calendarId = row.acuity_calendar_id;
      const services = servicesOf(offer.value, { ...edit, calendarId, services: wantedServices });
      if (!services.ok) return services;
      await writeServices(trx, id, services.value);
      columns.push('services');
    }
    if (columns.length === 0) return ok(null);
    await trx('specialists').where({ id }).update(wanted);
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'specialist',
      resourceId: id,
      metadata: { columns },
    });
    return ok(null);
  });
}

export function columnsOf({ isActive, reportDays, ...rest }: SpecialistEdit) {
  return { ...rest, report_days: reportDays, is_active: isActive };
}
