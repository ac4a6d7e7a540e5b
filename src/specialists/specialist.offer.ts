// Creates specialists from calendars in Acuity. An admin chooses which appointment type serves which of ours; the
// calendar's zone and the types' lengths are read from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityAppointmentType, AcuityCalendar, AcuityFailure } from '../ports/acuity.ts';
import type { Ids } from '../ports/ids.ts';
import { columnsOf, type SpecialistEdit } from './specialist.edit.ts';
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
  | { reason: 'invalid'; errors: { path: string; message: string }[] }
  | { reason: 'stale' }
  | { reason: 'acuity'; because: AcuityFailure['reason'] };

export async function readOffer({
  acuity,
}: Pick<OfferDeps, 'acuity'>): Promise<Result<AcuityOffer, OfferFailure>> {
  const [calendars, types] = await Promise.all([acuity.calendars(), acuity.appointmentTypes()]);
  if (!calendars.ok) return failure({ reason: 'acuity', because: calendars.reason });
  if (!types.ok) return failure({ reason: 'acuity', because: types.reason });
  return ok({ calendars: calendars.value, types: types.value });
}

/** Calendars without a specialist. */
export async function freeCalendars(db: Database, offer: AcuityOffer): Promise<AcuityCalendar[]> {
  const taken = new Set(await db('specialists').pluck('acuity_calendar_id'));
  return offer.calendars.filter(({ id }) => !taken.has(id));
}

/** @returns the specialist's id */
export async function addSpecialist(
  deps: OfferDeps,
  actor: Actor,
  wanted: SpecialistEdit & { calendarId: number; services: WantedServices },
): Promise<Result<string, OfferFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const offer = await readOffer(deps);
  if (!offer.ok) return offer;
  const calendar = offer.value.calendars.find(({ id }) => id === wanted.calendarId);
  if (!calendar) return invalid('calendarId', 'Acuity has no such calendar any more');
  // Acuity's place is the one that its appointments name (specialist.drift.ts).
  const isVisited = wanted.services.in_person !== null;
  const location = (isVisited ? calendar.location : null) ?? wanted.location;
  const services = servicesOf(
    offer.value,
    { ...wanted, location, calendarId: calendar.id },
    { path: 'location', message: 'Enter where examinations in person take place' },
  );
  if (!services.ok) return services;
  const id = deps.ids.uuid();
  const { calendarId, services: _, ...edit } = wanted;
  try {
    await deps.db.transaction(async (trx) => {
      await trx('specialists').insert({
        id,
        ...columnsOf(edit),
        location,
        timezone: calendar.timezone,
        acuity_calendar_id: calendarId,
      });
      await writeServices(trx, id, services.value);
      await note(deps, trx, actor, id, ['added']);
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'specialists_acuity_calendar_id_key') throw error;
    return invalid('calendarId', 'Another specialist has this calendar already');
  }
  return ok(id);
}

/** @param seen the specialist's `updated_at` as it was shown */
export async function changeServices(
  deps: OfferDeps,
  actor: Actor,
  id: string,
  seen: Date,
  wanted: WantedServices,
): Promise<Result<null, OfferFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const offer = await readOffer(deps);
  if (!offer.ok) return offer;
  return deps.db.transaction(async (trx): Promise<Result<null, OfferFailure>> => {
    const row = await trx('specialists').where({ id }).forUpdate().first();
    if (!row) return failure({ reason: 'not_found' });
    if (row.updated_at.getTime() !== seen.getTime()) return failure({ reason: 'stale' });
    const services = servicesOf(
      offer.value,
      { calendarId: row.acuity_calendar_id, location: row.location, services: wanted },
      // The form of the services does not ask for the place.
      { path: 'in_person', message: 'Enter the place of examinations in person under Edit first' },
    );
    if (!services.ok) return services;
    await trx('specialist_services').where({ specialist_id: id }).delete();
    await writeServices(trx, id, services.value);
    // Updates `updated_at`, so that whoever has the specialist open notices the change.
    await trx('specialists').where({ id }).update({ updated_at: trx.fn.now() });
    await note(deps, trx, actor, id, ['services']);
    return ok(null);
  });
}

interface Service {
  type: ExaminationType;
  acuity_appointment_type_id: number;
  duration_minutes: number;
}

function servicesOf(
  { types }: AcuityOffer,
  wanted: { calendarId: number; location: string | null; services: WantedServices },
  placeMissing: { path: string; message: string },
): Result<Service[], OfferFailure> {
  const services: Service[] = [];
  for (const type of examinationTypes) {
    const chosen = wanted.services[type];
    if (chosen === null) continue;
    const found = types.find(({ id }) => id === chosen);
    if (!found?.calendarIds.includes(wanted.calendarId))
      return invalid(
        type,
        'Acuity does not offer this on the calendar: add it there first, or choose another',
      );
    services.push({ type, acuity_appointment_type_id: found.id, duration_minutes: found.durationMinutes });
  }
  if (services.length === 0) return invalid('in_person', 'Choose an appointment type for one of the two');
  if (wanted.services.in_person !== null && wanted.location === null)
    return invalid(placeMissing.path, placeMissing.message);
  return ok(services);
}

async function writeServices(trx: Transaction, specialistId: string, services: Service[]): Promise<void> {
  await trx('specialist_services').insert(
    services.map((service) => ({ specialist_id: specialistId, ...service })),
  );
}

function note(
  { audit }: OfferDeps,
  trx: Transaction,
  actor: Actor,
  id: string,
  columns: string[],
): Promise<void> {
  return audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'specialist',
    resourceId: id,
    metadata: { columns },
  });
}

function invalid(path: string, message: string) {
  return failure({ reason: 'invalid', errors: [{ path, message }] } satisfies OfferFailure);
}
