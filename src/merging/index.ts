export { createMergeService, type MergeRequest, type MergeService } from './merge.service.ts';
export { movedColumns, undoDays } from './merge.ts';
export type { Merge, MergeFailure, MergeKind, MergePreview, MovedColumn, UndoFailure } from './merge.ts';
