export { createSyncService, type SyncService } from './sync.service.ts';
export {
  checkSubscriptionsJob,
  reconcileAllJob,
  reconcileNearJob,
  removeOldReportsJob,
  resumeReconciliationJob,
} from './sync.jobs.ts';
export { closeDifference, type Closed } from './drift.close.ts';
export { isOpenDifference, isUncovered } from './drift.superseded.ts';
export type { ReconcileDeps } from './reconcile.ts';
export type { ConnectionAttention, ConnectionState } from './connection.ts';
export {
  attentionWords,
  connectedWords,
  connectionWords,
  nextSteps,
  stepPages,
  troubleWords,
  type NextStep,
} from './connection.words.ts';
export {
  wantedEvents,
  type ConnectionTrouble,
} from './subscriptions.ts';
export {
  abandonRuns,
  lastReconciled,
  reportKinds,
  reportStates,
  type DriftReport,
  type ReportedItem,
} from './drift.repository.ts';
