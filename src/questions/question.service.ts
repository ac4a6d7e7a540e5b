import type { Logger } from 'pino';
import type { Database } from '../db/knex.ts';
import type { Acuity } from '../ports/acuity.ts';
import { createFormReads, type FormTimings, type KnownForms } from './form.reads.ts';
import { type IntakeSettings, readIntakeFields } from './intake.fields.ts';
import { fieldsOf, type QuestionForm, questionForms, requiredFields } from './question.ts';

export interface AskedQuestions {
  /** Acuity's own, in its order; a form without questions is left out. */
  forms: QuestionForm[];
  asOf: Date;
  /** Newer ones were wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
  /** Every field that Acuity takes an answer to with this appointment type, those of our own details too. */
  fieldIds: number[];
  /** Of our own details, by their names in `intake_fields`, those that Acuity requires. */
  requiredDetails: string[];
}

export interface Questions {
  /** All intake forms, hidden ones too, not older than an hour where Acuity can be read. Null: never read. */
  forms(): Promise<KnownForms | null>;
  /** As they were read last; Acuity is not asked. */
  lastForms(): Promise<KnownForms | null>;
  /** Reads them now, whatever their age: Acuity has refused an answer. At most one read in two seconds. */
  readAgain(): Promise<KnownForms | null>;
  /** What is asked of whoever books this appointment type. Null: the forms were never read. */
  questionsFor(appointmentTypeId: number): Promise<AskedQuestions | null>;
}

export interface QuestionDeps extends IntakeSettings {
  db: Database;
  acuity: Acuity;
  log: Logger;
  /** REFERRER_FIELD_ID: holds the referrer's address. */
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
