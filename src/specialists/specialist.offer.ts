// Creates specialists from calendars in Acuity. An admin chooses which appointment type serves which of ours; the
// calendar's zone and the types' lengths are read from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { Database } from '../db/knex.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, invalidField, ok, type Result } from '../lib/result.ts';
import type { Sent } from '../lib/typed-edit.ts';
import { fieldErrors } from '../lib/typed-input.ts';
import type { AcuityCalendar } from '../ports/acuity.ts';
import { columnsOf } from './specialist.edit.ts';
import { addedFields, newSpecialist } from './specialist.input.ts';
import {
  readOffer,
  servicesOf,
  writeServices,
  type AcuityOffer,
  type OfferDeps,
  type OfferFailure,
} from './specialist.services.ts';

/** Calendars without a specialist. */
export async function freeCalendars(db: Database, offer: AcuityOffer): Promise<AcuityCalendar[]> {
  const taken = new Set(await db('specialists').pluck('acuity_calendar_id'));
  return offer.calendars.filter(({ id }) => !taken.has(id));
}

/** @param sent of addedFields (specialist.input.ts) */
export async function addSpecialist(
  deps: OfferDeps,
  actor: Actor,
  sent: Sent,
): Promise<Result<{ id: string }, OfferFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const typed = addedFields.safeParse(sent);
  if (!typed.success) return failure({ reason: 'invalid', errors: fieldErrors(typed.error) });
  const { calendarId, in_person = null, telehealth = null, ...given } = typed.data;
  const edit = { ...newSpecialist, ...given };
  const offer = await readOffer(deps);
  if (!offer.ok) return offer;
  const calendar = offer.value.calendars.find(({ id }) => id === calendarId);
  if (!calendar) return invalidField('calendarId', 'Acuity has no such calendar any more');
  // Acuity's place is the one that its appointments name (specialist.drift.ts).
  const location = (in_person === null ? null : calendar.location) ?? edit.location;
  const wanted = { calendarId, location, services: { in_person, telehealth } };
  const services = servicesOf(offer.value, wanted);
  if (!services.ok) return services;
  const id = deps.ids.uuid();
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
    return invalidField('calendarId', 'Another specialist has this calendar already');
  }
  return ok({ id });
}
