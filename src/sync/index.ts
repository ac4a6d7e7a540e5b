export { createSyncService, type SyncDeps, type SyncService } from './sync.service.ts';
export {
  checkSubscriptionsJob,
  reconcileAllJob,
  reconcileNearJob,
  removeOldLooksJob,
  resumeReconciliationJob,
} from './sync.jobs.ts';
export type { DriftItem, DriftReport, Difference, Span } from './drift.ts';
export type { ReconcileDeps } from './reconcile.ts';
export type { SubscriptionDeps, SubscriptionState } from './subscriptions.ts';
