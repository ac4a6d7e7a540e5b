// What of an appointment's answers was changed in Acuity since we last took them: our details, and its own questions.
import type { AttemptDeps } from '../attempts/index.ts';
import {
  answersOf,
  changedDetails,
  changesBetween,
  detailIn,
  digestOfAll,
  intakeFields,
  isOwnDetail,
  nestDetails,
  ownFields,
  type Booking,
  type BookingDetails,
  type IntakeFields,
  type IntakeName,
  type KeptAnswers,
  type OwnFields,
  type PartialDetails,
} from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { Appointment } from '../ports/acuity.ts';
import {
  earlierMappings,
  fromAcuity,
  isSameAnswer,
  questionForms,
  toAcuity,
  type Answer,
  type AnswerValue,
  type KnownForms,
  type Question,
} from '../questions/index.ts';

/** Which question was which detail before, the latest first. */
export async function earlierFields(db: Queryable): Promise<IntakeFields[]> {
  return (await earlierMappings(db)) as IntakeFields[];
}

/**
 * What a booking takes over: the details that Acuity says differently, where its answers were changed since they were
 * last taken. What staff corrected here otherwise stays. Where only the mapping was changed since, the details count
 * whose question is another one now.
 * @param known the digest of the answers that were last taken
 * @param earlier the mappings before `fields`
 */
export function changedInAcuity(
  booking: BookingDetails,
  appointment: Appointment,
  fields: IntakeFields,
  known: string | null,
  earlier: readonly IntakeFields[],
): PartialDetails {
  const { digest, details: said } = answersOf(appointment, fields);
  if (digest === known) return {};
  const changed = changedDetails(booking, said);
  if (Object.keys(changed).length === 0) return {};
  const then = earlier.find((mapping) => answersOf(appointment, mapping).digest === known);
  if (!then) return changed;
  return nestDetails((detail) => {
    const name = detail.intake?.name as IntakeName;
    return then.get(name) === fields.get(name) ? undefined : detailIn(changed, detail);
  });
}

export interface ReferenceAnswer {
  fieldId: number;
  reference: string;
}

/** Every question that is the one for our reference, or was: an appointment may have been made under an earlier mapping. */
export async function referenceMappings(
  deps: Pick<AttemptDeps, 'db' | 'referenceFieldId'>,
): Promise<IntakeFields[]> {
  return [await intakeFields(deps.db, deps), ...(await earlierFields(deps.db))];
}

/** What may be a reference of ours, each once. */
export function referenceAnswers(
  appointment: Appointment,
  mappings: readonly IntakeFields[],
): ReferenceAnswer[] {
  const answers = mappings.flatMap((fields) => {
    const fieldId = fields.get('reference');
    const { reference } = answersOf(appointment, fields);
    return fieldId === undefined || reference === null ? [] : [[reference, { fieldId, reference }] as const];
  });
  // The present mapping comes first, and wins.
  return [...new Map(answers.toReversed()).values()].toReversed();
}

/** What is needed to tell which of an appointment's answers are answers to questions that people see. */
export interface AnswersContext {
  own: OwnFields;
  /** As they were read last; null: never. */
  forms: KnownForms | null;
  addressOf: (reference: string) => string;
}

/** Not in a transaction: Acuity may be asked for its forms. */
export async function answersContext(
  deps: Pick<AttemptDeps, 'db' | 'questions' | 'addressOf' | 'referenceFieldId' | 'referrerFieldId'>,
): Promise<AnswersContext> {
  const { questions, addressOf } = deps;
  return { own: await ownFields(deps.db, deps), forms: await questions.forms(), addressOf };
}

/**
 * The answers as Acuity has them now, where they were changed there; null where not. Only questions that people may
 * see are followed: those of the forms that we know and that are not internal, and those that were answered here.
 * @param kept null: none were kept so far
 */
export function changedAnswers(
  booking: Pick<Booking, 'reference'>,
  appointment: Appointment,
  kept: KeptAnswers | null,
  context: AnswersContext,
): KeptAnswers | null {
  const acuityDigest = digestOfAll(appointment);
  // A reply without any answer lacks the forms: nobody took all answers out of an appointment.
  if (acuityDigest === kept?.acuityDigest || appointment.answers.size === 0) return null;
  const before = (kept?.answers ?? []).filter(({ fieldId }) => !isOwnDetail(context.own, fieldId));
  const answers = answersNow(appointment, before, context, context.addressOf(booking.reference));
  return changesBetween(before, answers).length > 0 ? { answers, acuityDigest } : null;
}

/** For an appointment that was made in Acuity; null while the forms were never read. */
export function importedAnswers(appointment: Appointment, context: AnswersContext): KeptAnswers | null {
  if (!context.forms) return null;
  return { answers: answersNow(appointment, [], context, ''), acuityDigest: digestOfAll(appointment) };
}

function answersNow(
  appointment: Appointment,
  before: readonly Answer[],
  { own, forms }: AnswersContext,
  uploads: string,
): Answer[] {
  const asked = questionForms(forms?.forms ?? [], appointment.appointmentTypeId, new Set(own.values()));
  const known = asked.flatMap((form) => form.questions.map((question) => ({ form: form.name, ...question })));
  const answers = known.flatMap((question): Answer[] => {
    const text = appointment.answers.get(question.fieldId);
    if (text === undefined) return [];
    const kept = before.find(({ fieldId }) => fieldId === question.fieldId);
    const { fieldId, form, label, type } = question;
    const value = fromAcuity(text, question);
    return [
      kept && saysTheSame(kept, value, question, uploads) ? kept : { fieldId, form, label, type, value },
    ];
  });
  // A question that is not asked any more keeps its answer, unless Acuity has another one.
  const gone = before
    .filter(({ fieldId }) => !known.some((question) => question.fieldId === fieldId))
    .map((kept): Answer => {
      const text = appointment.answers.get(kept.fieldId);
      const question = { type: kept.type, options: Array.isArray(kept.value) ? kept.value : [] };
      const value = text === undefined ? kept.value : fromAcuity(text, question);
      return text === undefined || saysTheSame(kept, value, question, uploads) ? kept : { ...kept, value };
    });
  return [...answers, ...gone];
}

/** Whether what was answered here is what stands in Acuity. */
function saysTheSame(
  kept: Answer,
  value: AnswerValue,
  question: Pick<Question, 'type' | 'options'>,
  uploads: string,
): boolean {
  return isSameAnswer(fromAcuity(toAcuity(kept.value, kept.type, uploads), question), value);
}
