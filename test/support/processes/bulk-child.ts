// A worker that SIGKILL ends at a chosen step of a bulk action.
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { killedAt, nextPlan } from '../child-pool.ts';
import { createFakeAcuity } from '../fakes/acuity.ts';

export interface BulkPlan {
  killAt: string;
  bulkActionId: string;
}

const plan = await nextPlan<BulkPlan>();
const system = compose(readConfig(process.env), {
  acuity: createFakeAcuity(),
  bulk: { onStep: killedAt(() => plan.killAt) },
});
await system.services.bulkWork.continue(plan.bulkActionId);
await system.close();
process.exit(0);
