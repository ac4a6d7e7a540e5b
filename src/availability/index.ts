export type {
  AvailabilityFailure,
  AvailabilityService,
  CacheState,
  DayAvailability,
  MonthAvailability,
  Slot,
} from './availability.ts';
