import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Each minute: an admin who closed the browser sends no request that would find the end. */
export const endQuietActingJob: JobDefinition<Record<string, never>> = {
  name: 'end_quiet_acting',
  payload: z.object({}),
};
