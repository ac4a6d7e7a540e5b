export {
  type Answer,
  answerPath,
  type AnswerValue,
  type GivenAnswer,
  readAnswers,
  uploadLater,
} from './answer.ts';
export { fromAcuity, isSameAnswer, toAcuity } from './answer.acuity.ts';
export {
  type Question,
  type QuestionForm,
  questionForms,
  questionTypes,
} from './question.ts';
export { questionText, type FormTimings, type KnownForms } from './form.reads.ts';
export {
  type AskedQuestions,
  createQuestions,
  type QuestionDeps,
  type Questions,
} from './question.service.ts';
export {
  costsOfNoReference,
  type MappableDetail,
  type MappingDetail,
  type MappingField,
  type MappingForm,
  type MappingView,
  type ServiceName,
} from './mapping.ts';
export { formsFor } from './mapping.one.ts';
export {
  createMapping,
  type Mapping,
  type MappingAttention,
  type MappingFailure,
} from './mapping.service.ts';
export {
  earlierMappings,
  type IntakeSettings,
  readIntakeFields,
  readMapping,
} from './mapping.repository.ts';
