export {
  examinationTypes,
  type ExaminationType,
  type Specialist,
  type SpecialistService,
} from './specialist.ts';
export { createSpecialistRepository, type SpecialistRepository } from './specialist.repository.ts';
export { editSpecialist, type SpecialistEdit, type SpecialistEditFailure } from './specialist.edit.ts';
