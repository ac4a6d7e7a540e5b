import { keep, type KeptVersion } from '../db/kept-version.ts';
import { isUuid } from '../lib/uuid.ts';
import type { SpecialistRepository } from './specialist.repository.ts';
import { offers } from './specialist.ts';

/** For requests: the specialists in memory, read again once one of them, or what they offer, has changed. */
export function keepSpecialists(
  repository: SpecialistRepository,
  keptVersion: KeptVersion,
): SpecialistRepository {
  const all = keep(keptVersion, () => repository.listAll());

  return {
    listAll: all,
    async listActive(filter = {}) {
      if (filter.q) return repository.listActive(filter);
      const { type } = filter;
      return (await all()).filter((one) => one.isActive && (!type || offers(one, type)));
    },
    search: (q) => repository.search(q),
    async findById(id, trx) {
      if (trx) return repository.findById(id, trx);
      return isUuid(id) ? ((await all()).find((one) => one.id === id.toLowerCase()) ?? null) : null;
    },
    async findByCalendar(acuityCalendarId, trx) {
      if (trx) return repository.findByCalendar(acuityCalendarId, trx);
      return (await all()).find((one) => one.acuityCalendarId === acuityCalendarId) ?? null;
    },
  };
}
