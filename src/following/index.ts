export { compareWindow, type CompareDeps } from './compare.ts';
export { createConvergence, type Convergence, type ConvergenceDeps, type Outcome } from './converge.ts';
export type { DriftItem, DriftReport, ReportKind, Span } from './drift.ts';
export { followAppointment } from './follow.ts';
export { fetchMeetingLinkJob } from './following.jobs.ts';
export { addDays, daysBetween, readWindow } from './window.ts';
