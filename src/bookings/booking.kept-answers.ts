// The answers to Acuity's own questions that are kept with a booking, and how they follow Acuity.
import { createHash } from 'node:crypto';
import type { Queryable, Transaction } from '../db/knex.ts';
import type { Appointment } from '../ports/acuity.ts';
import {
  fromAcuity,
  isSameAnswer,
  questionForms,
  toAcuity,
  type Answer,
  type AnswerValue,
  type KnownForms,
  type Question,
} from '../questions/index.ts';
import { isOwnDetail, ownFields, type OwnFields } from './booking.acuity.ts';
import type { BookingDeps } from './booking.deps.ts';
import type { AnswersChange, Booking, ProgressEntry } from './booking.ts';

export interface KeptAnswers {
  answers: Answer[];
  /** See `digestOfAll`. */
  acuityDigest: string;
}

export interface NewAnswers extends KeptAnswers {
  id: string;
  bookingId: string;
  source: ProgressEntry['source'];
}

interface AnswersRow {
  booking_id: string;
  answers: Answer[];
  acuity_digest: string;
  source: ProgressEntry['source'];
  created_at: Date;
}

export async function insertAnswers(trx: Transaction, given: NewAnswers): Promise<void> {
  await trx('booking_answers').insert({
    id: given.id,
    booking_id: given.bookingId,
    answers: JSON.stringify(given.answers),
    acuity_digest: given.acuityDigest,
    source: given.source,
  });
}

/** By booking; those without were made before answers were kept. */
export async function keptAnswers(
  db: Queryable,
  bookingIds: readonly string[],
): Promise<Map<string, KeptAnswers>> {
  const rows = await db('booking_answers')
    .distinctOn('booking_id')
    .whereIn('booking_id', bookingIds)
    .orderBy(['booking_id', { column: 'created_at', order: 'desc' }, { column: 'id', order: 'desc' }])
    .select<AnswersRow[]>('booking_id', 'answers', 'acuity_digest');
  return new Map(
    rows.map((row) => [row.booking_id, { answers: row.answers, acuityDigest: row.acuity_digest }]),
  );
}

/** The current answers, and how they came to be; changes oldest first. */
export async function answersWithHistory(
  db: Queryable,
  bookingId: string,
): Promise<{ answers: Answer[]; changes: AnswersChange[] }> {
  const rows = await db('booking_answers')
    .where({ booking_id: bookingId })
    .orderBy(['created_at', 'id'])
    .select<AnswersRow[]>('answers', 'source', 'created_at');
  const changes = rows.slice(1).map((row, index): AnswersChange => {
    const before = rows[index]?.answers ?? [];
    return { at: row.created_at, source: row.source, changed: changesBetween(before, row.answers) };
  });
  return { answers: rows.at(-1)?.answers ?? [], changes };
}

function changesBetween(before: Answer[], after: Answer[]): AnswersChange['changed'] {
  const fieldIds = new Set([...before, ...after].map(({ fieldId }) => fieldId));
  return [...fieldIds].flatMap((fieldId) => {
    const [from, to] = [before, after].map((answers) => answers.find((one) => one.fieldId === fieldId));
    if (from && to && isSameAnswer(from.value, to.value)) return [];
    return [{ label: (to ?? from)?.label ?? '', from: from?.value ?? null, to: to?.value ?? null }];
  });
}

/**
 * Of everything that the appointment's forms say, our own details too: which question is a detail may change here
 * without anything having changed in Acuity.
 */
export function digestOfAll({ answers }: Appointment): string {
  const said = [...answers].toSorted(([a], [b]) => a - b);
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url');
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
  deps: Pick<BookingDeps, 'db' | 'questions' | 'addressOf' | 'referenceFieldId' | 'referrerFieldId'>,
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
