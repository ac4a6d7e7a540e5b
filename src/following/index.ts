export { CompareError, compareWindow, type CompareDeps } from './compare.ts';
export {
  createConvergence,
  type Converged,
  type Convergence,
  type ConvergenceDeps,
  type GivenAppointment,
  outcomes,
  type Outcome,
} from './converge.ts';
export { allDifferences, driftStates, type DriftItem, type Span } from './differences.ts';
export { followAppointment, type FollowCause, type WorkState, type Takeover } from './follow.ts';
export { previewImport, ownerIn, unknownReferrerOf } from './import.ts';
export { findKnown } from './known-bookings.ts';
export type { Owner } from './owner.ts';
export { findReadVersions } from './read-versions.ts';
export { fetchMeetingLinkJob } from './following.jobs.ts';
export { createWindowReader, partsOfDays, readWindow } from './window.ts';
