import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Jobs that a newer one has replaced, so that they do not stay among the failed for ever. */
export const removeSupersededJob: JobDefinition<Record<string, never>> = {
  name: 'remove_superseded_jobs',
  payload: z.object({}),
};
