import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** Removes jobs that a newer one has replaced: they would stay among the failed jobs for ever. */
export const removeSupersededJob: JobDefinition<Record<string, never>> = {
  name: 'remove_superseded_jobs',
  payload: z.object({}),
};
