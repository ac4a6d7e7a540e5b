import type { Database } from '../db/knex.ts';
import { sendTogether, type Statements } from '../db/statements.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { ExaminationType } from '../specialists/index.ts';
import { withoutHeld, type Holds } from './holds.ts';
import { fillNextFreeJob } from './next-free.jobs.ts';
import { markChangedQuery, removeTime, selectNextFreeQuery } from './next-free.repository.ts';
import { maxNextFreeAgeMs, type NextFreeReader } from './next-free.ts';

export interface NextFree extends NextFreeReader {
  /** The calendar's free times changed: they are read again soon. */
  changed(calendarId: number, taken?: { startsAt: Date; durationMinutes: number }): Promise<void>;
  /** Acuity does not offer this time: it is no longer shown, and its calendar is read again soon. */
  notOffered(time: { specialistId: string; type: ExaminationType; startsAt: Date }): Promise<void>;
}

// Changes often come in pairs, such as our own booking and Acuity's event about it.
const gatherMs = 1_000;

export function createNextFree(deps: {
  db: Database;
  statements: Statements;
  clock: Clock;
  jobs: JobQueue;
  holds: Holds;
}): NextFree {
  const addFillQuery = () =>
    deps.jobs.addQuery(
      fillNextFreeJob,
      {},
      { key: fillNextFreeJob.name, delayMs: gatherMs, keepRunAt: true },
    );

  return {
    async all(personId) {
      const now = deps.clock.now();
      const rows = await selectNextFreeQuery.rows(deps, {
        since: new Date(now.getTime() - maxNextFreeAgeMs),
      });
      return Promise.all(
        rows.map(async (row) => {
          const slots = row.times
            .filter((startsAt) => startsAt > now)
            .map((startsAt) => ({ startsAt, durationMinutes: row.duration_minutes }));
          return {
            specialistId: row.specialist_id,
            type: row.type,
            slots: withoutHeld(slots, await deps.holds.forOthers(row.specialist_id, personId)),
            hadTimes: row.times.length > 0,
            knownUntil: row.known_until,
            asOf: row.as_of,
          };
        }),
      );
    },

    async changed(calendarId, taken) {
      await sendTogether(deps.db, markChangedQuery(deps.db, calendarId, taken), addFillQuery());
    },

    async notOffered(time) {
      if (await removeTime(deps.db, time)) await sendTogether(deps.db, addFillQuery());
    },
  };
}
