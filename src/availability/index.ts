export { refusedRetryMs } from './availability.ts';
export type {
  AvailabilityFailure,
  AvailabilityService,
  CacheState,
  Slot,
} from './availability.ts';
export { isRefusal } from './calendar-reads.ts';
export { createAvailabilityService } from './availability.service.ts';
export type { HeldTime, Holds } from './holds.ts';
export { createNextFreeFiller, type FillerDeps, type NextFreeFiller } from './next-free.fill.ts';
export { fillNextFreeJob } from './next-free.jobs.ts';
export { forgetNextFree } from './next-free.repository.ts';
export { createNextFree } from './next-free.service.ts';
export {
  slotsNearest,
  soonestSlots,
  type FreeSlot,
  type NextFreeReader,
  type NextFreeTimes,
} from './next-free.ts';
