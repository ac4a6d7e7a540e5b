import type { Queryable } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import { readWords, whereOwn } from '../db/search.ts';
import { isUuid } from '../lib/uuid.ts';
import { profileColumns, profileOf, type ProfileRow } from './specialist.profile.ts';
import type { ExaminationType, Specialist, SpecialistService } from './specialist.ts';

export interface SpecialistRepository {
  /** In their order, inactive ones too. */
  listAll(): Promise<Specialist[]>;
  /** Active specialists in their order. `q` searches name, title, specialty, location, languages and what they examine. */
  listActive(filter?: { q?: string; type?: ExaminationType }): Promise<Specialist[]>;
  /** In their order, inactive ones too. */
  search(q: string): Promise<Specialist[]>;
  /** Also finds an inactive one; null when there is none or `id` is not a UUID. */
  findById(id: string, trx?: Queryable): Promise<Specialist | null>;
  findByCalendar(acuityCalendarId: number, trx?: Queryable): Promise<Specialist | null>;
}

type SpecialistRow = ProfileRow &
  Pick<
    RowOf<'specialists'>,
    'id' | 'name' | 'title' | 'specialty' | 'location' | 'timezone' | 'acuity_calendar_id' | 'is_active'
  > & { services: SpecialistService[] };

// One round trip: every request for free times reads this.
const columns = `id, name, title, specialty, location, timezone, acuity_calendar_id, is_active,
  coalesce((
    select json_agg(json_build_object(
      'type', type, 'acuityAppointmentTypeId', acuity_appointment_type_id, 'durationMinutes', duration_minutes
    ) order by type)
    from specialist_services where specialist_id = specialists.id
  ), '[]') as services, ${profileColumns}`;

const order = ['position', 'name', 'id'];

export function createSpecialistRepository(db: Queryable): SpecialistRepository {
  async function findOne(where: Record<string, string | number>, at: Queryable): Promise<Specialist | null> {
    const rows = await at('specialists').where(where).select<SpecialistRow[]>(at.raw(columns));
    return rows[0] ? asSpecialist(rows[0]) : null;
  }

  const select = () => db('specialists').orderBy(order).select<SpecialistRow[]>(db.raw(columns));

  async function narrow(query: ReturnType<typeof select>, q: string): Promise<void> {
    const words = await readWords(db, q);
    if (words.length === 0) void query.whereRaw('false');
    else whereOwn(query, { words: searchedText }, words);
  }

  return {
    async listAll() {
      return (await select()).map(asSpecialist);
    },
    async listActive({ q, type } = {}) {
      const query = select().where('is_active', true);
      if (q?.trim()) await narrow(query, q);
      if (type) {
        void query.whereRaw(
          'exists (select from specialist_services s where s.specialist_id = specialists.id and s.type = ?)',
          [type],
        );
      }
      return (await query).map(asSpecialist);
    },
    async search(q) {
      const query = select();
      await narrow(query, q);
      return (await query).map(asSpecialist);
    },
    async findById(id, trx = db) {
      // PostgreSQL raises an error for an id that is not a UUID.
      return isUuid(id) ? findOne({ id }, trx) : null;
    },
    async findByCalendar(acuityCalendarId, trx = db) {
      return Number.isSafeInteger(acuityCalendarId)
        ? findOne({ acuity_calendar_id: acuityCalendarId }, trx)
        : null;
    },
  };
}

/** "hart sydney" finds Dr Hart in Sydney. */
const searchedText = "search_words(concat_ws(' ', name, title, specialty, location, languages, examines))";

function asSpecialist(row: SpecialistRow): Specialist {
  const { id, name, title, specialty, location, timezone, services } = row;
  return {
    id,
    name,
    title,
    specialty,
    location,
    timezone,
    acuityCalendarId: row.acuity_calendar_id,
    isActive: row.is_active,
    services,
    profile: profileOf(row),
  };
}
