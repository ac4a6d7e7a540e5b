import type { Logger } from 'pino';
import type { Database } from '../db/knex.ts';
import type { Acuity } from '../ports/acuity.ts';
import { createFormReads, type FormTimings, type KnownForms } from './form.reads.ts';
import { type IntakeSettings, readIntakeFields } from './intake.fields.ts';
import { type QuestionForm, questionForms } from './question.ts';

export interface AskedQuestions {
  /** Acuity's own, in its order; a form without questions is left out. */
  forms: QuestionForm[];
  asOf: Date;
  /** Newer ones were wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
}

export interface Questions {
  /** All intake forms, hidden ones too, not older than an hour where Acuity can be read. Null: never read. */
  forms(): Promise<KnownForms | null>;
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
    readAgain: () => reads.again(),
    async questionsFor(appointmentTypeId) {
      const known = await reads.recent();
      if (!known) return null;
      const ours = new Set((await readIntakeFields(deps.db, deps)).values());
      if (deps.referrerFieldId) ours.add(deps.referrerFieldId);
      const { asOf, isStale } = known;
      return { forms: questionForms(known.forms, appointmentTypeId, ours), asOf, isStale };
    },
  };
}
