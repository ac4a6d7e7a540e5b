import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Every minute, and when a time was freed or a hold ended: offers freed times to those who wait for them. */
export const offerFreedTimesJob: JobDefinition<Record<string, never>> = {
  name: 'offer_freed_times',
  payload: z.object({}),
  maxAttempts: 1,
};
