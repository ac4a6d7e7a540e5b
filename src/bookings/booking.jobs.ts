import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/**
 * Brings the stored paperwork of bookings up to date with rules that were changed. It is added with the change, and runs
 * every minute as well, to go on after a worker died.
 */
export const refreshPaperworkJob: JobDefinition<Record<string, never>> = {
  name: 'refresh_paperwork',
  payload: z.object({}),
};

export const removeExpiredDraftsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_expired_drafts',
  payload: z.object({}),
};
