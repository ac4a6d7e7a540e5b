// Jobs of this room. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** The key and the job names keep their old words: queued jobs outlive the version that added them. */
const anAttempt = z.object({ intentionId: z.uuid() });
type AnAttempt = z.infer<typeof anAttempt>;

/** Finds the outcome of a call to Acuity, and completes or fails the attempt. */
export const settleAttemptJob: JobDefinition<AnAttempt> = {
  name: 'settle_intention',
  payload: anAttempt,
};

/** Checks again for what Acuity did after the attempt was declared failed. */
export const checkLateJob: JobDefinition<AnAttempt> = { name: 'check_late', payload: anAttempt };

/** Every minute: adds a job for each open attempt that has none. */
export const sweepAttemptsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_intentions',
  payload: z.object({}),
};
