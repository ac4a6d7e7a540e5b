// A process that reads free times, forked by test/availability/processes.test.ts.
// Arguments: Redis's URL, Acuity's origin, the day. In: {ask: n, calendar}. Out: 'ready', then {states, times}.
import { pino } from 'pino';
import { createAcuityClient } from '../../../src/adapters/acuity-http/index.ts';
import { createRedisCache } from '../../../src/adapters/redis-cache.ts';
import { systemClock } from '../../../src/adapters/system-clock.ts';
import { createAvailabilityService } from '../../../src/availability/index.ts';
import { acuityRate } from '../acuity-rate.ts';
import { aSpecialist } from '../builders/specialist.ts';

const [redisUrl = '', baseUrl = '', date = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const cache = createRedisCache(redisUrl);
const acuity = createAcuityClient({
  baseUrl,
  userId: '11100001',
  apiKeys: ['demo-acuity-key'],
  timeoutMs: 10_000,
  callsPerSecond: acuityRate.perSecond,
  cache,
  log,
});
const availability = createAvailabilityService({ acuity, cache, clock: systemClock, log });

interface Question {
  ask: number;
  calendar: number;
}

async function answer({
  ask,
  calendar,
}: Question): Promise<{ states: Record<string, number>; times: number[] }> {
  const specialist = aSpecialist({ acuityCalendarId: calendar });
  const states: Record<string, number> = {};
  const times = new Set<number>();
  await Promise.all(
    Array.from({ length: ask }, async () => {
      const read = await availability.day(specialist, { type: 'in_person', date });
      const state = read.ok ? read.value.cache : read.reason;
      states[state] = (states[state] ?? 0) + 1;
      if (read.ok) times.add(read.value.slots.length);
    }),
  );
  return { states, times: [...times] };
}

process.on('message', (question: Question) => {
  void answer(question).then((read) => process.send?.(read));
});
process.on('disconnect', () => process.exit());
await cache.ping();
process.send?.('ready');
