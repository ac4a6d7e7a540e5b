// Jobs of this room. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const aBulkAction = z.object({ bulkActionId: z.uuid() });

/** Does the next records of a bulk action, and adds itself again until none is left. */
export const continueBulkActionJob: JobDefinition<z.infer<typeof aBulkAction>> = {
  name: 'continue_bulk_action',
  payload: aBulkAction,
};

/** Every minute: goes on with bulk actions whose worker died, and removes old ones. */
export const sweepBulkActionsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_bulk_actions',
  payload: z.object({}),
};
