// What Acuity owns of a specialist: place and time zone of the calendar, lengths of the appointment types. Pages show
// our copies before anybody confirms, so a copy that differs is a difference from Acuity, and Acuity's value is taken
// over.
import { systemActor, type AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import { isTimeZone } from '../lib/zones.ts';
import type { AcuityOffer } from './specialist.services.ts';
import { typeWords, type ExaminationType } from './specialist.ts';

export const specialistDifferences = ['specialist_place', 'specialist_zone', 'service_length'] as const;

export interface SpecialistDifference {
  specialistId: string;
  difference: (typeof specialistDifferences)[number];
  /** Both values. */
  reason: string;
}

interface Row {
  id: string;
  location: string | null;
  timezone: string;
  calendarId: number;
  services: { type: ExaminationType; typeId: number; minutes: number }[];
}

interface Found extends SpecialistDifference {
  set: (trx: Transaction) => Promise<unknown>;
}

/** @param fixes whether Acuity's values are taken over */
export async function compareSpecialists(
  { db, audit }: { db: Database; audit: AuditLog },
  offer: AcuityOffer,
  { fixes }: { fixes: boolean },
): Promise<SpecialistDifference[]> {
  const found = (await readSpecialists(db)).flatMap((row) => differencesOf(row, offer));
  if (fixes) for (const one of found) await db.transaction((trx) => takeOver(audit, trx, one));
  return found.map(({ specialistId, difference, reason }) => ({ specialistId, difference, reason }));
}

async function readSpecialists(db: Database): Promise<Row[]> {
  const columns = ['id', 'location', 'timezone', 'acuity_calendar_id as calendarId'];
  const rows = (await db('specialists').select(columns)) as Omit<Row, 'services'>[];
  const services = (await db('specialist_services').select(
    'specialist_id as id',
    'type',
    'acuity_appointment_type_id as typeId',
    'duration_minutes as minutes',
  )) as (Row['services'][number] & { id: string })[];
  return rows.map((row) => ({ ...row, services: services.filter(({ id }) => id === row.id) }));
}

function differencesOf(row: Row, { calendars, types }: AcuityOffer): Found[] {
  const calendar = calendars.find(({ id }) => id === row.calendarId);
  const { id: specialistId, location, timezone, services } = row;
  const setRow = (change: Record<string, string>) => (trx: Transaction) =>
    trx('specialists').where({ id: specialistId }).update(change);
  const found: Found[] = [];
  const isVisited = services.some(({ type }) => type === 'in_person');
  // If Acuity has no place, ours is used, for bookings as well.
  if (calendar?.location && isVisited && calendar.location !== location) {
    const reason = inWords(location ?? '', calendar.location);
    const set = setRow({ location: calendar.location });
    found.push({ specialistId, difference: 'specialist_place', reason, set });
  }
  if (calendar && isTimeZone(calendar.timezone) && calendar.timezone !== timezone) {
    const reason = inWords(timezone, calendar.timezone);
    const set = setRow({ timezone: calendar.timezone });
    found.push({ specialistId, difference: 'specialist_zone', reason, set });
  }
  const longer = services.flatMap(({ type, typeId, minutes }) => {
    const offered = types.find(({ id }) => id === typeId)?.durationMinutes ?? minutes;
    return offered === minutes ? [] : [{ type, minutes, offered }];
  });
  if (longer.length > 0) {
    const reason = longer
      .map(
        ({ type, minutes, offered }) =>
          `${typeWords[type]}: ${inWords(`${minutes} minutes`, `${offered} minutes`)}`,
      )
      .join(' ');
    found.push({
      specialistId,
      difference: 'service_length',
      reason,
      set: (trx) => setLengths(trx, specialistId, longer),
    });
  }
  return found;
}

function inWords(ours: string, acuitys: string): string {
  return `Here “${ours}”, in Acuity “${acuitys}”.`;
}

async function setLengths(
  trx: Transaction,
  specialistId: string,
  lengths: { type: ExaminationType; offered: number }[],
): Promise<void> {
  for (const { type, offered } of lengths) {
    await trx('specialist_services')
      .where({ specialist_id: specialistId, type })
      .update({ duration_minutes: offered });
  }
  // Updates `updated_at`, so that whoever has the specialist open notices the change.
  await trx('specialists').where({ id: specialistId }).update({ updated_at: trx.fn.now() });
}

async function takeOver(
  audit: AuditLog,
  trx: Transaction,
  { specialistId, difference, set }: Found,
): Promise<void> {
  await set(trx);
  await audit.record(trx, systemActor, {
    action: 'record.changed',
    resourceType: 'specialist',
    resourceId: specialistId,
    metadata: { from: 'acuity', difference },
  });
}
