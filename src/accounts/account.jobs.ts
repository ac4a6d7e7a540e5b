import { z } from 'zod';
import type { Database } from '../db/knex.ts';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Each hour. */
export const removeExpiredSessionsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_expired_sessions',
  payload: z.object({}),
};

/** Sessions, half sign-ins and used codes that open nothing any more; how many sessions there were. */
export async function removeExpired(db: Database): Promise<number> {
  await db('verifications').whereRaw('expires_at < clock_timestamp()').delete();
  await db('used_two_factor_codes').whereRaw(`used_at < clock_timestamp() - interval '5 minutes'`).delete();
  return db('sessions').whereRaw('expires_at < clock_timestamp()').delete();
}
