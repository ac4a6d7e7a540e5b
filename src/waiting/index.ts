export { createWaitMemory } from './waiting.memory.ts';
export { dropFreed, noteFreed } from './line.ts';
export { createWaitListOffers, type AnnounceOffer, type OfferDeps, type WaitListOffers } from './offer.ts';
export { offerFreedTimesJob } from './waiting.jobs.ts';
export { findOffer } from './waiting.repository.ts';
export {
  createWaitList,
  type AcceptFailure,
  type JoinFailure,
  type WaitList,
} from './waiting.service.ts';
export { holdMinutes, type WaitEntry, type WaitOffer } from './waiting.ts';
