// Reads the next free times of every specialist from Acuity, one calendar after the other, in the lane for work that
// nobody waits for. Everything it knows is in the database: a run that dies is continued by the next one.
import type { Logger } from 'pino';
import { dayIn, shiftMonths, startOfDay } from '../lib/dates.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Acuity, AcuityFailure } from '../ports/acuity.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../db/knex.ts';
import type { Specialist, SpecialistRepository, SpecialistService } from '../specialists/index.ts';
import { createCalendarReads, isRefusal, offeredSlots, type CalendarReads } from './calendar-reads.ts';
import { nextFreeEveryMs } from './next-free.ts';
import {
  claimDue,
  giveBack,
  matchServices,
  storeRead,
  type ClaimedRow,
  type NoteFreed,
  type ReadTimes,
} from './next-free.repository.ts';
import { createSharedReads } from './shared-reads.ts';

export interface NextFreeFiller {
  /** Reads what is due. Returns how many calendars were read. */
  fill(): Promise<number>;
}

export interface FillerDeps {
  db: Database;
  /** Acuity, called in the lane for work in the background. */
  acuity: Acuity;
  cache: Cache;
  clock: Clock;
  log: Logger;
  specialists: Pick<SpecialistRepository, 'findById'>;
  /** Told about times that became free. */
  noteFreed?: NoteFreed;
  /** For tests that kill the process here: called with the name of the step that was reached. */
  onStep?: (step: string) => Promise<void> | void;
}

/** Ten times are enough for every page: of any number of specialists, the ten soonest are among ten of each. */
const wantedTimes = 10;
/** Limits the calls for a specialist with few times a day. */
const maxDays = 5;
const maxMonths = 4;
/** A run leaves the rest to the next one, so that no job takes long. */
const maxRunMs = 45_000;
/** Cached reads that are older are read again. People's views fill the same cache. */
const maxCachedMs = 4 * 60_000;
const retryMs = 60_000;

export function createNextFreeFiller(deps: FillerDeps): NextFreeFiller {
  const { db, acuity, cache, clock, log } = deps;
  const reads = createCalendarReads({ acuity, shared: createSharedReads({ cache, clock, log }).aside });

  return {
    async fill() {
      await matchServices(db);
      const deadline = performance.now() + maxRunMs;
      let count = 0;
      while (performance.now() < deadline) {
        const row = await claimDue(db, clock.now());
        if (!row) break;
        if (!(await fillRow(deps, reads, row))) break;
        count += 1;
      }
      return count;
    },
  };
}

/** False when Acuity does not answer; everything else that is due then waits for the next run. */
async function fillRow(deps: FillerDeps, reads: CalendarReads, row: ClaimedRow): Promise<boolean> {
  const { db, clock, log } = deps;
  const after = (ms: number) => new Date(clock.now().getTime() + ms);
  const specialist = await deps.specialists.findById(row.specialist_id);
  const service = specialist?.services.find(({ type }) => type === row.type);
  if (!specialist || !service) {
    await giveBack(db, row, after(nextFreeEveryMs));
    return true;
  }
  await deps.onStep?.('times_claimed');
  const maxAgeMs = row.has_changed ? 0 : maxCachedMs;
  const read = await readFirst({ reads, specialist, service, now: clock.now(), maxAgeMs });
  if (read.ok) {
    await deps.onStep?.('times_read');
    await storeRead(db, row, read.value, after(nextFreeEveryMs), async (trx, freed) => {
      await deps.noteFreed?.(trx, freed);
      await deps.onStep?.('freed_noted');
    });
    await deps.onStep?.('times_stored');
    return true;
  }
  log.info(
    { specialistId: row.specialist_id, type: row.type, reason: read.reason },
    'The next free times could not be read; the last known ones stay',
  );
  const isRefused = isRefusal(read);
  await giveBack(db, row, after(isRefused ? nextFreeEveryMs : retryMs));
  return isRefused;
}

interface Search {
  reads: CalendarReads;
  specialist: Specialist;
  service: SpecialistService;
  now: Date;
  maxAgeMs: number;
}

async function readFirst(search: Search): Promise<Result<ReadTimes, AcuityFailure>> {
  const { reads, specialist, service, now, maxAgeMs } = search;
  const zone = specialist.timezone;
  const today = dayIn(now, zone);
  const first = today.slice(0, 7);
  const times: Date[] = [];
  let asOf = now;
  let days = 0;
  for (let ahead = 0; ahead < maxMonths; ahead += 1) {
    const month = await reads.month(specialist, service, shiftMonths(first, ahead), maxAgeMs);
    if (!month.ok) return month;
    asOf = older(asOf, month.value.asOf);
    for (const day of month.value.value.filter((date) => date >= today)) {
      if (times.length >= wantedTimes || days === maxDays)
        return ok({ times, knownUntil: startOfDay(day, zone), asOf });
      const answer = await reads.day(specialist, service, day, maxAgeMs);
      if (!answer.ok) return answer;
      asOf = older(asOf, answer.value.asOf);
      times.push(...offeredSlots([answer.value], service, now).map(({ startsAt }) => startsAt));
      days += 1;
    }
  }
  return ok({ times, knownUntil: startOfDay(`${shiftMonths(first, maxMonths)}-01`, zone), asOf });
}

function older(a: Date, b: Date): Date {
  return a < b ? a : b;
}
