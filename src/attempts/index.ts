export type { AttemptState, BookFailure, ChangeFailure } from './attempt.ts';
export { maySeeAttempt } from './attempt.access.ts';
export { referenceNotSent } from './attempt.acuity.ts';
export type { AttemptDeps, AttemptTimings } from './attempt.deps.ts';
export { checkLateJob, settleAttemptJob, sweepAttemptsJob } from './attempt.jobs.ts';
export {
  findAttempt,
  findAttemptByReference,
  findOpenChange,
  markOpenAsCalled,
} from './attempt.repository.ts';
export { createAttemptService, type AttemptService } from './attempt.service.ts';
export { completeOpenChange, createSettlement, type Settlement } from './attempt.settle.ts';
