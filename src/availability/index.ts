export type {
  AvailabilityFailure,
  AvailabilityService,
  CacheState,
  Slot,
} from './availability.ts';
export { createAvailabilityService } from './availability.service.ts';
