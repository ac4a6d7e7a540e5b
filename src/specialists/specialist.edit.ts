// What an admin can change of a specialist. The calendar and its zone come from Acuity.
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { Tables } from 'knex/types/tables.js';
import { failure, ok, type Result } from '../lib/result.ts';
import { readEdit, type Sent } from '../lib/typed-edit.ts';
import { isUuid } from '../lib/uuid.ts';
import { serviceFields, specialistFields, type SpecialistEdit } from './specialist.input.ts';
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

export type SpecialistEditFailure =
  | OfferFailure
  /** Somebody else changed the specialist since it was read. */
  | { reason: 'stale' };

/** A specialist as the form shows them. */
export interface EditableSpecialist {
  shown: SpecialistEdit;
  services: WantedServices;
  calendarId: number;
  updatedAt: Date;
}

export async function findEditable(db: Queryable, id: string): Promise<EditableSpecialist | null> {
  const row = isUuid(id) ? await db('specialists').where({ id }).first() : undefined;
  if (!row) return null;
  return {
    shown: shownOf(row),
    services: await readServices(db, id),
    calendarId: row.acuity_calendar_id,
    updatedAt: row.updated_at,
  };
}

/**
 * Asks Acuity only when other services are wanted.
 * @param seen the specialist's `updated_at` as it was shown
 * @param sent of specialistFields and serviceFields (specialist.input.ts)
 */
export async function editSpecialist(
  deps: OfferDeps,
  actor: Actor,
  id: string,
  seen: Date,
  sent: Sent,
): Promise<Result<null, SpecialistEditFailure>> {
  const { db, audit } = deps;
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  if (!isUuid(id)) return failure({ reason: 'not_found' });
  const servicesNow = await readServices(db, id);
  const otherServices = readEdit(serviceFields.shape, servicesNow, sent);
  if (!otherServices.ok) return otherServices;
  const wantedServices = { ...servicesNow, ...otherServices.value };
  const offer = Object.keys(otherServices.value).length > 0 ? await readOffer(deps) : null;
  if (offer && !offer.ok) return offer;
  return db.transaction(async (trx): Promise<Result<null, SpecialistEditFailure>> => {
    const row = await trx('specialists').where({ id }).forUpdate().first();
    if (!row) return failure({ reason: 'not_found' });
    // Every change of the services also changes `updated_at`, so `servicesNow` is still true.
    if (row.updated_at.getTime() !== seen.getTime()) return failure({ reason: 'stale' });
    const edit = readEdit(specialistFields.shape, shownOf(row), sent);
    if (!edit.ok) return edit;
    const wanted = { ...shownOf(row), ...edit.value };
    if (wantedServices.in_person !== null && wanted.location === null) return placeMissing;
    const written = columnsOf(wanted);
    const columns: string[] = (Object.keys(written) as (keyof typeof written)[]).filter(
      (name) => written[name] !== row[name],
    );
    if (offer) {
      const calendarId = row.acuity_calendar_id;
      const services = servicesOf(offer.value, { ...wanted, calendarId, services: wantedServices });
      if (!services.ok) return services;
      await writeServices(trx, id, services.value);
      columns.push('services');
    }
    if (columns.length === 0) return ok(null);
    // Updates the row even if only the services change, so that the trigger sets `updated_at`.
    await trx('specialists').where({ id }).update(written);
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

function shownOf(row: Tables['specialists']): SpecialistEdit {
  return {
    name: row.name,
    title: row.title,
    specialty: row.specialty,
    location: row.location,
    qualifications: row.qualifications,
    languages: row.languages,
    examines: row.examines,
    reportDays: row.report_days,
    position: row.position,
    isActive: row.is_active,
  };
}
