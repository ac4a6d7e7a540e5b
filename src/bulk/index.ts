export {
  bulkKinds,
  bulkRights,
  bulkStates,
  mostAtOnce,
  mostTries,
  type BulkAction,
  type BulkInput,
  type BulkKind,
  type ListedRecord,
} from './bulk.ts';
export { createBulkActions, mayDoInBulk, type BulkActions, type BulkFailure } from './bulk.service.ts';
export { stopBulkActions } from './bulk.repository.ts';
export { createBulkWork, type BulkWork, type BulkWorkDeps } from './bulk.work.ts';
export { continueBulkActionJob, sweepBulkActionsJob } from './bulk.jobs.ts';
export { createBulkVerbs, notOffered } from './bulk.verbs.ts';
