export {
  examinationTypes,
  offers,
  typeWords,
  type ExaminationType,
  type Specialist,
  type SpecialistService,
} from './specialist.ts';
export {
  profileFileKinds,
  type ProfileFileKind,
  type SpecialistProfile,
} from './specialist.profile.ts';
export {
  createProfileFiles,
  profileFileRules,
  type ProfileFileFailure,
  type ProfileFiles,
} from './profile.files.ts';
export { keepSpecialists } from './specialist.memory.ts';
export { createSpecialistRepository, type SpecialistRepository } from './specialist.repository.ts';
export { editSpecialist, findEditable } from './specialist.edit.ts';
export { newSpecialist, serviceFields, specialistFields } from './specialist.input.ts';
export { compareSpecialists, specialistDifferences } from './specialist.drift.ts';
export { addSpecialist, freeCalendars } from './specialist.offer.ts';
export {
  readOffer,
  type AcuityOffer,
  type OfferFailure,
  type WantedServices,
} from './specialist.services.ts';
export { townOf } from './specialist.place.ts';
