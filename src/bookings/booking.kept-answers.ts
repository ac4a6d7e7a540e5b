// Stores the answers to Acuity's own questions with a booking, and their history.
import { createHash } from 'node:crypto';
import type { Queryable, Transaction } from '../db/knex.ts';
import { prepare, sendTogether, type Query } from '../db/statements.ts';
import type { Appointment } from '../ports/acuity.ts';
import { isSameAnswer, type Answer } from '../questions/index.ts';
import type { AnswersChange, ProgressEntry } from './booking.ts';

export interface KeptAnswers {
  answers: Answer[];
  /** The keyed digest of all answers in Acuity (`digestOfAll`). */
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

function newRow(given: NewAnswers) {
  return {
    id: given.id,
    booking_id: given.bookingId,
    answers: JSON.stringify(given.answers),
    acuity_digest: given.acuityDigest,
    source: given.source,
  };
}

const insertRowQuery = prepare<never, ReturnType<typeof newRow>>('insert answers', (db, row) =>
  db('booking_answers').insert(row),
);

export function insertAnswersQuery(db: Queryable, given: NewAnswers): Query {
  return insertRowQuery(db, newRow(given));
}

export async function insertAnswers(trx: Transaction, given: NewAnswers): Promise<void> {
  await sendTogether(trx, insertAnswersQuery(trx, given));
}

/** The newest answers by booking id. Bookings without an entry were made before answers were stored. */
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

/** The current answers and their changes, oldest first. @param entries oldest first */
export function answersWithHistory(
  entries: { answers: Answer[]; source: ProgressEntry['source']; at: Date }[],
): { answers: Answer[]; changes: AnswersChange[] } {
  const changes = entries.slice(1).map((entry, index): AnswersChange => {
    const before = entries[index]?.answers ?? [];
    return { at: entry.at, source: entry.source, changed: changesBetween(before, entry.answers) };
  });
  return { answers: entries.at(-1)?.answers ?? [], changes };
}

/** The questions whose answers differ between two sets. */
export function changesBetween(before: Answer[], after: Answer[]): AnswersChange['changed'] {
  const fieldIds = new Set([...before, ...after].map(({ fieldId }) => fieldId));
  return [...fieldIds].flatMap((fieldId) => {
    const [from, to] = [before, after].map((answers) => answers.find((one) => one.fieldId === fieldId));
    if (from && to && isSameAnswer(from.value, to.value)) return [];
    return [{ label: (to ?? from)?.label ?? '', from: from?.value ?? null, to: to?.value ?? null }];
  });
}

/**
 * A digest of all the appointment's answers, including those that are our details: the mapping may change here without
 * any change in Acuity. Stored keyed only (keyed-digests.ts).
 */
export function digestOfAll({ answers }: Appointment): string {
  const sorted = [...answers].toSorted(([a], [b]) => a - b);
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url');
}

/** SQL: the latest answers of a booking as text, one a line. @param bookingId an expression */
export const answersText = (bookingId: string): string => `array_to_string(array(
  select concat_ws(': ', nullif(answer ->> 'label', ''), case jsonb_typeof(answer -> 'value')
    when 'array' then array_to_string(array(select jsonb_array_elements_text(answer -> 'value')), ', ')
    else answer ->> 'value' end)
  from (select k.answers from booking_answers k where k.booking_id = ${bookingId}
        order by k.created_at desc, k.id desc limit 1) newest
  cross join lateral jsonb_array_elements(newest.answers) answer), E'\\n')`;
