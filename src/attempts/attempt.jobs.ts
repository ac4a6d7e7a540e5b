// What the room leaves to the worker. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const anIntention = z.object({ intentionId: z.uuid() });
type AnIntention = z.infer<typeof anIntention>;

/** Find out what became of a call to Acuity, and finish or fail what it was for. */
export const settleIntentionJob: JobDefinition<AnIntention> = {
  name: 'settle_intention',
  payload: anIntention,
};

/** Look once more for an appointment that turned up after its intention was declared failed. */
export const checkLateJob: JobDefinition<AnIntention> = { name: 'check_late', payload: anIntention };

/** Each minute: whatever is open and has no job any more gets one. */
export const sweepIntentionsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_intentions',
  payload: z.object({}),
};
