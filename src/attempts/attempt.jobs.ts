// What the room leaves to the worker. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

/** The name of the key, and those of the jobs, are kept: jobs outlive the version that added them. */
const anAttempt = z.object({ intentionId: z.uuid() });
type AnAttempt = z.infer<typeof anAttempt>;

/** Finds out what became of a call to Acuity, and completes or fails its attempt. */
export const settleAttemptJob: JobDefinition<AnAttempt> = {
  name: 'settle_intention',
  payload: anAttempt,
};

/** Looks once more for what Acuity did after the attempt was declared failed. */
export const checkLateJob: JobDefinition<AnAttempt> = { name: 'check_late', payload: anAttempt };

/** Each minute: every open attempt that has no job any more gets one. */
export const sweepAttemptsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_intentions',
  payload: z.object({}),
};
