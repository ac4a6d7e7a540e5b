// Creates specialists from calendars in Acuity. An admin chooses which appointment type serves which of ours; the
// calendar's zone and the types' lengths are read from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { ok, failure, type Result } from '../lib/result.ts';
import type { AcuityCalendar } from '../ports/acuity.ts';
import { columnsOf, type SpecialistEdit } from './specialist.edit.ts';
import {
  invalid,
  readOffer,
  servicesOf,
  writeServices,
  type AcuityOffer,
  type OfferDeps,
  type OfferFailure,
  type WantedServices,
} from './specialist.services.ts';

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
  const services = servicesOf(offer.value, { ...wanted, location, calendarId: calendar.id });
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
      await deps.audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'specialist',
        resourceId: id,
        metadata: { columns: ['added'] },
      });
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'specialists_acuity_calendar_id_key') throw error;
    return invalid('calendarId', 'Another specialist has this calendar already');
  }
  return ok(id);
}
