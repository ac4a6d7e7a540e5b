import type { Queryable } from '../db/knex.ts';
import { examinationTypes, type ExaminationType, type Specialist } from './specialist.ts';

export interface SpecialistRepository {
  /** Active ones in their order. `q` looks in name, title, specialty and location. */
  listActive(filter?: { q?: string; type?: ExaminationType }): Promise<Specialist[]>;
  /** Also an inactive one; null when there is none (or `id` is not a UUID). */
  findById(id: string, trx?: Queryable): Promise<Specialist | null>;
  findByCalendar(acuityCalendarId: number, trx?: Queryable): Promise<Specialist | null>;
}

interface SpecialistRow {
  id: string;
  name: string;
  title: string | null;
  specialty: string;
  location: string | null;
  timezone: string;
  acuity_calendar_id: number;
  is_active: boolean;
}

interface ServiceRow {
  specialist_id: string;
  type: ExaminationType;
  acuity_appointment_type_id: number;
  duration_minutes: number;
}

const columns: (keyof SpecialistRow)[] = [
  'id',
  'name',
  'title',
  'specialty',
  'location',
  'timezone',
  'acuity_calendar_id',
  'is_active',
];

export function createSpecialistRepository(db: Queryable): SpecialistRepository {
  async function findOne(where: Partial<SpecialistRow>, at: Queryable): Promise<Specialist | null> {
    const rows = await at<SpecialistRow>('specialists').where(where).select<SpecialistRow[]>(columns);
    const [specialist] = await withServices(at, rows);
    return specialist ?? null;
  }

  return {
    async listActive({ q, type } = {}) {
      const query = db<SpecialistRow>('specialists')
        .where('is_active', true)
        .orderBy(['position', 'name', 'id'])
        .select<SpecialistRow[]>(columns);
      for (const word of wordsOf(q)) {
        const like = `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
        void query.whereRaw("concat_ws(' ', name, title, specialty, location) ilike ?", [like]);
      }
      if (type) {
        void query.whereRaw(
          'exists (select from specialist_services s where s.specialist_id = specialists.id and s.type = ?)',
          [type],
        );
      }
      return withServices(db, await query);
    },
    async findById(id, trx = db) {
      // PostgreSQL would answer anything else with an error.
      return isUuid(id) ? findOne({ id }, trx) : null;
    },
    async findByCalendar(acuityCalendarId, trx = db) {
      return Number.isSafeInteger(acuityCalendarId)
        ? findOne({ acuity_calendar_id: acuityCalendarId }, trx)
        : null;
    },
  };
}

/** Each word must be found somewhere: "hart sydney" finds Dr Hart in Sydney. */
function wordsOf(q = ''): string[] {
  return q.replaceAll('\0', '').split(/\s+/).filter(Boolean).slice(0, 10);
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

async function withServices(db: Queryable, rows: SpecialistRow[]): Promise<Specialist[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const services = await db<ServiceRow>('specialist_services')
    .whereIn('specialist_id', ids)
    .select('specialist_id', 'type', 'acuity_appointment_type_id', 'duration_minutes');
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    title: row.title,
    specialty: row.specialty,
    location: row.location,
    timezone: row.timezone,
    acuityCalendarId: row.acuity_calendar_id,
    isActive: row.is_active,
    services: services
      .filter((service) => service.specialist_id === row.id)
      .toSorted((a, b) => examinationTypes.indexOf(a.type) - examinationTypes.indexOf(b.type))
      .map((service) => ({
        type: service.type,
        acuityAppointmentTypeId: service.acuity_appointment_type_id,
        durationMinutes: service.duration_minutes,
      })),
  }));
}
