export {
  examinationTypes,
  type ExaminationType,
  type Specialist,
  type SpecialistService,
} from './specialist.ts';
export type { SpecialistRepository } from './specialist.repository.ts';
