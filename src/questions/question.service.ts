import type { Logger } from 'pino';
import type { KeptVersion } from '../db/kept-version.ts';
import type { Database } from '../db/knex.ts';
import type { Acuity } from '../ports/acuity.ts';
import { createFormReads, type FormTimings, type KnownForms } from './form.reads.ts';
import { type IntakeSettings, readIntakeFields } from './mapping.repository.ts';
import { fieldsOf, type QuestionForm, questionForms, requiredFields } from './question.ts';

export interface AskedQuestions {
  /** Acuity's own questions in its order, without forms that have none. */
  forms: QuestionForm[];
  asOf: Date;
  /** A newer read was wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
  /** Every field that Acuity accepts an answer to for this appointment type, including those of our own details. */
  fieldIds: number[];
  /** Those of our own details that Acuity requires, by their names in `intake_fields`. */
  requiredDetails: string[];
}

export interface Questions {
  /** All intake forms, hidden ones included, at most an hour old if Acuity can be read. Null: never read. */
  forms(): Promise<KnownForms | null>;
  /** The forms as they were last read; Acuity is not called. */
  lastForms(): Promise<KnownForms | null>;
  /** Reads now, whatever the age, because Acuity refused an answer. At most one read in two seconds. */
  readAgain(): Promise<KnownForms | null>;
  /** What whoever books this appointment type is asked. Null: the forms were never read. */
  questionsFor(appointmentTypeId: number): Promise<AskedQuestions | null>;
}

export interface QuestionDeps extends IntakeSettings {
  db: Database;
  acuity: Acuity;
  log: Logger;
  /** Unset: the forms are read from the database each time. */
  keptVersion?: KeptVersion | undefined;
  /** REFERRER_FIELD_ID: the field that holds the referrer's address. */
  referrerFieldId?: number | undefined;
  timings?: Partial<FormTimings> | undefined;
}

export function createQuestions(deps: QuestionDeps): Questions {
  const reads = createFormReads(deps);
  return {
    forms: () => reads.recent(),
    lastForms: () => reads.last(),
    readAgain: () => reads.again(),
    async questionsFor(appointmentTypeId) {
      const known = await reads.recent();
      if (!known) return null;
      const details = await readIntakeFields(deps.db, deps);
      const ours = new Set(details.values());
      if (deps.referrerFieldId) ours.add(deps.referrerFieldId);
      const required = requiredFields(known.forms, appointmentTypeId);
      return {
        forms: questionForms(known.forms, appointmentTypeId, ours),
        asOf: known.asOf,
        isStale: known.isStale,
        fieldIds: fieldsOf(known.forms, appointmentTypeId).map(({ id }) => id),
        requiredDetails: [...details].flatMap(([name, id]) => (required.has(id) ? [name] : [])),
      };
    },
  };
}
