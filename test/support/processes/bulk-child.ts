// A worker of bulk actions that stops at a chosen step of each.
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { createStops, onPlan } from '../child-pool.ts';
import { createFakeAcuity } from '../fakes/acuity.ts';

export interface BulkPlan {
  stopAt: string;
  bulkActionId: string;
}

const stops = createStops();
const system = compose(readConfig(process.env), {
  acuity: createFakeAcuity(),
  bulk: { onStep: stops.onStep },
});

onPlan((given) => {
  const { stopAt, bulkActionId } = given as BulkPlan;
  stops.plan([stopAt]);
  void system.services.bulkWork.continue(bulkActionId);
});
