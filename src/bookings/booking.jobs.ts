import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

export const removeExpiredDraftsJob: JobDefinition<Record<string, never>> = {
  name: 'remove_expired_drafts',
  payload: z.object({}),
};
