import type { Queryable } from '../db/knex.ts';
import type { ExaminationType, Specialist } from './specialist.ts';

export interface SpecialistRepository {
  /** Active ones in their order. `q` looks in name, title, specialty and location. */
  listActive(filter?: { q?: string; type?: ExaminationType }): Promise<Specialist[]>;
  /** Also an inactive one; null when there is none (or `id` is not a UUID). */
  findById(id: string, trx?: Queryable): Promise<Specialist | null>;
  findByCalendar(acuityCalendarId: number, trx?: Queryable): Promise<Specialist | null>;
}
