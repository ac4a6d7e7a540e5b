export type {
  AvailabilityFailure,
  AvailabilityService,
  CacheState,
  DayAvailability,
  MonthAvailability,
  Slot,
} from './availability.ts';
export { type AvailabilityDeps, createAvailabilityService } from './availability.service.ts';
