import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Every minute, and soon after a calendar changed: reads the next free times that are due. */
export const fillNextFreeJob: JobDefinition<Record<string, never>> = {
  name: 'fill_next_free_times',
  payload: z.object({}),
  maxAttempts: 1,
};
