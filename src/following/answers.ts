// Finds which answers of an appointment were changed in Acuity since we last read them: our details, and its questions.
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { AttemptDeps } from '../attempts/index.ts';
import {
  answersOf,
  changedDetails,
  changesBetween,
  detailIn,
  digestOfAll,
  intakeFields,
  isDigestOf,
  isOwnDetail,
  nestDetails,
  ownFields,
  type Booking,
  type BookingDetails,
  type Detail,
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

/** Earlier mappings of questions to details, newest first. */
export async function earlierFields(db: Queryable): Promise<IntakeFields[]> {
  return (await earlierMappings(db)) as IntakeFields[];
}

export interface DetailsChange {
  /** To copy into the booking. */
  details: PartialDetails;
  /** Among the changed answers is one that cannot be read. */
  hasUnreadable: boolean;
}

/**
 * The details to copy into the booking: those whose answers in Acuity differ and were changed since they were last
 * read. Corrections that staff made here stay otherwise. If only the mapping changed since, takes the details that are
 * now mapped to another question.
 * @param isKnown whether the stored digest of the answers that were read last is of this one
 * @param earlier the mappings before `fields`
 */
export function changedInAcuity(
  booking: BookingDetails,
  appointment: Appointment,
  fields: IntakeFields,
  isKnown: (digest: string) => boolean,
  earlier: readonly IntakeFields[],
): DetailsChange {
  const answers = answersOf(appointment, fields);
  if (isKnown(answers.digest)) return unchanged;
  const changed = changedDetails(booking, answers.details);
  const then = answers.earlier();
  // Nothing was changed in Acuity, but what could not be read then may be read now.
  if (isKnown(then.digest))
    return {
      details: only(changed, (detail) => detailIn(then.details, detail) === undefined),
      hasUnreadable: false,
    };
  const mapping = earlier.find((one) => isDigestOf(answersOf(appointment, one), isKnown));
  if (!mapping) return { details: changed, hasUnreadable: answers.hasUnreadable };
  const isRemapped = ({ intake }: Detail) => {
    const name = intake?.name as IntakeName;
    return mapping.get(name) !== fields.get(name);
  };
  return { details: only(changed, isRemapped), hasUnreadable: false };
}

const unchanged: DetailsChange = { details: {}, hasUnreadable: false };

function only(changed: PartialDetails, isWanted: (detail: Detail) => boolean): PartialDetails {
  return nestDetails((detail) => (isWanted(detail) ? detailIn(changed, detail) : undefined));
}

export function isNoChange({ details, hasUnreadable }: DetailsChange): boolean {
  return Object.keys(details).length === 0 && !hasUnreadable;
}

export interface ReferenceAnswer {
  fieldId: number;
  reference: string;
}

/** The present mapping of questions to details, then the earlier ones. */
export type ReferenceMappings = [IntakeFields, ...IntakeFields[]];

/**
 * Every question mapped to our reference, now or earlier: an appointment may have been made under an earlier mapping.
 */
export async function referenceMappings(
  deps: Pick<AttemptDeps, 'db' | 'referenceFieldId'>,
): Promise<ReferenceMappings> {
  const fields = await intakeFields(deps.db, deps);
  // Afterwards: a mapping that is replaced meanwhile is then among the earlier ones.
  return [fields, ...(await earlierFields(deps.db))];
}

/** Answers that may be a reference of ours, each once. */
export function referenceAnswers(
  appointment: Appointment,
  mappings: readonly IntakeFields[],
): ReferenceAnswer[] {
  const answers = mappings.flatMap((fields) => {
    const fieldId = fields.get('reference');
    const { reference } = answersOf(appointment, fields);
    return fieldId === undefined || reference === null ? [] : [[reference, { fieldId, reference }] as const];
  });
  // The present mapping comes first and takes precedence.
  return [...new Map(answers.toReversed()).values()].toReversed();
}

/** What tells answers to questions that people see from other answers. */
export interface AnswersContext {
  own: OwnFields;
  /** The forms as they were last read; null: never. */
  forms: KnownForms | null;
  addressOf: (reference: string) => string;
  digests: KeyedDigests;
}

/** Do not call it in a transaction, because it may read the forms from Acuity. */
export async function answersContext(
  deps: Pick<
    AttemptDeps,
    'db' | 'questions' | 'addressOf' | 'digests' | 'referenceFieldId' | 'referrerFieldId'
  >,
): Promise<AnswersContext> {
  const { questions, addressOf, digests } = deps;
  const [own, forms] = await Promise.all([ownFields(deps.db, deps), questions.forms()]);
  return { own, forms, addressOf, digests };
}

/**
 * The answers as Acuity has them now, if they were changed there; otherwise null. Follows only questions that people
 * may see: those of known forms that are not internal, and those that were answered here.
 * @param kept null: none were stored yet
 */
export function changedAnswers(
  booking: Pick<Booking, 'reference'>,
  appointment: Appointment,
  kept: KeptAnswers | null,
  context: AnswersContext,
): KeptAnswers | null {
  const digest = digestOfAll(appointment);
  const isKept = context.digests.isOf(kept?.acuityDigest ?? null, digest);
  // A reply without any answers lacks the forms: nobody removed every answer from an appointment.
  if (isKept || appointment.answers.size === 0) return null;
  const before = (kept?.answers ?? []).filter(({ fieldId }) => !isOwnDetail(context.own, fieldId));
  const answers = answersNow(appointment, before, context, context.addressOf(booking.reference));
  const acuityDigest = context.digests.of(digest);
  return changesBetween(before, answers).length > 0 ? { answers, acuityDigest } : null;
}

/** For an appointment that was made in Acuity; null if the forms were never read. */
export function importedAnswers(appointment: Appointment, context: AnswersContext): KeptAnswers | null {
  if (!context.forms) return null;
  const acuityDigest = context.digests.of(digestOfAll(appointment));
  return { answers: answersNow(appointment, [], context, ''), acuityDigest };
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
      kept && isUnchanged(kept, value, question, uploads) ? kept : { fieldId, form, label, type, value },
    ];
  });
  // A question that is no longer asked keeps its answer, unless Acuity has another one.
  const gone = before
    .filter(({ fieldId }) => !known.some((question) => question.fieldId === fieldId))
    .map((kept): Answer => {
      const text = appointment.answers.get(kept.fieldId);
      const question = { type: kept.type, options: Array.isArray(kept.value) ? kept.value : [] };
      const value = text === undefined ? kept.value : fromAcuity(text, question);
      return text === undefined || isUnchanged(kept, value, question, uploads) ? kept : { ...kept, value };
    });
  return [...answers, ...gone];
}

/** Whether the answer given here equals the one in Acuity. */
function isUnchanged(
  kept: Answer,
  value: AnswerValue,
  question: Pick<Question, 'type' | 'options'>,
  uploads: string,
): boolean {
  return isSameAnswer(fromAcuity(toAcuity(kept.value, kept.type, uploads), question), value);
}
