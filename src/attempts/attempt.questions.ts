// Checks answers against Acuity's forms: before Acuity is called, and again when it refuses.
import { detailIn, details, isOwnDetail, ownFields, type BookingDetails } from '../bookings/index.ts';
import type { FieldError } from '../lib/result.ts';
import {
  answerPath,
  readAnswers,
  type Answer,
  type AskedQuestions,
  type GivenAnswer,
  type Question,
  type QuestionForm,
} from '../questions/index.ts';
import type { RefusedField } from './attempt.acuity.ts';
import type { AttemptDeps } from './attempt.deps.ts';

export interface CheckedQuestions {
  answers: Answer[];
  errors: FieldError[];
  /** Fields of our details that the appointment type does not have. */
  omittedFieldIds: number[];
  /** The field that holds the reference now; null: none. */
  referenceFieldId: number | null;
  /** False: the forms were never read, so Acuity may require answers that nobody was asked for. */
  areKnown: boolean;
}

type AnsweredDetails = BookingDetails & { answers: readonly GivenAnswer[] };

export async function checkQuestions(
  deps: Pick<AttemptDeps, 'db' | 'questions' | 'referenceFieldId' | 'referrerFieldId'>,
  appointmentTypeId: number,
  request: AnsweredDetails,
): Promise<CheckedQuestions> {
  const fields = await ownFields(deps.db, deps);
  const questions = await deps.questions.questionsFor(appointmentTypeId);
  const isOwn = ({ fieldId }: GivenAnswer) => isOwnDetail(fields, fieldId);
  const errors = request.answers.filter(isOwn).map(({ fieldId }) => ({
    path: answerPath(fieldId),
    message: 'This question is answered from the booking itself: leave it out',
  }));
  const answers = request.answers.filter((answer) => !isOwn(answer));
  const read = readAnswers(questions?.forms ?? unreadQuestions(answers), answers);
  if (questions) errors.push(...requiredDetails(questions, request));
  if (!read.ok) errors.push(...read.errors);
  return {
    answers: read.ok ? read.value : [],
    errors,
    referenceFieldId: fields.get('reference') ?? null,
    omittedFieldIds: questions ? [...fields.values()].filter((id) => !questions.fieldIds.includes(id)) : [],
    areKnown: questions !== null,
  };
}

/** Answers to questions that were never read: accepted unchecked. */
function unreadQuestions(answers: readonly GivenAnswer[]): QuestionForm[] {
  const questions = answers.map(({ fieldId, value }): Question => {
    const isList = Array.isArray(value);
    const options = isList ? value.filter((one): one is string => typeof one === 'string') : [];
    const type = isList ? 'checkboxlist' : 'textarea';
    return { fieldId, label: `Question ${fieldId}`, type, required: false, options };
  });
  return [{ id: 0, name: '', description: null, questions }];
}

/** Details that are optional here but required by this appointment type. */
function requiredDetails({ requiredDetails: names }: AskedQuestions, booking: BookingDetails): FieldError[] {
  return details
    .filter(({ intake }) => intake && names.includes(intake.name))
    .filter((detail) => !detailIn(booking, detail))
    .map(({ path, label }) => ({ path, message: `${label}: the specialist’s form needs an answer` }));
}

/**
 * The fields that the person who books can correct after a refusal. Reads the forms again, so a question that was added
 * a minute ago is asked now. Empty: the person cannot correct anything.
 */
export async function explainRefusal(
  deps: Pick<AttemptDeps, 'db' | 'questions' | 'referenceFieldId' | 'referrerFieldId'>,
  appointmentTypeId: number,
  request: AnsweredDetails,
  refused: RefusedField,
): Promise<FieldError[]> {
  await deps.questions.readAgain();
  const { errors, areKnown } = await checkQuestions(deps, appointmentTypeId, request);
  if (!areKnown || errors.length > 0) return errors;
  const answer = (await deps.questions.questionsFor(appointmentTypeId))?.forms
    .flatMap((form) => form.questions)
    .find(({ fieldId }) => fieldId === refused.id);
  if (!answer) return [];
  const message = `The specialist’s calendar did not accept the answer to “${answer.label}”: change it`;
  return [{ path: answerPath(refused.id), message }];
}
