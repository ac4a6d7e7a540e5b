// Jobs of this room. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const anAttempt = z.union([
  z.object({ attemptId: z.uuid() }),
  // Jobs queued by versions before 0.3.0.
  z.object({ intentionId: z.uuid() }).transform(({ intentionId }) => ({ attemptId: intentionId })),
]);
type AnAttempt = z.infer<typeof anAttempt>;

/** Finds the outcome of a call to Acuity, and completes or fails the attempt. */
export const settleAttemptJob: JobDefinition<AnAttempt> = {
  name: 'settle_attempt',
  formerNames: ['settle_intention'],
  payload: anAttempt,
};

/** Checks again for what Acuity did after the attempt was declared failed. */
export const checkLateJob: JobDefinition<AnAttempt> = { name: 'check_late', payload: anAttempt };

/** Every minute: adds a job for each open attempt that has none. */
export const sweepAttemptsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_attempts',
  formerNames: ['sweep_intentions'],
  payload: z.object({}),
};
