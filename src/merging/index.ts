export { createMergeService, type MergeService } from './merge.service.ts';
export { movedColumns, ofRemaining, undoDays } from './merge.ts';
export type { Merge, MergeFailure, MergePreview, MovedColumn, UndoFailure } from './merge.ts';
