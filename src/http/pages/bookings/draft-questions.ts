// The specialist's own questions in the journey, and their answers in a draft.
import { details, nameOf } from '../../../bookings/index.ts';
import { readAnswers, type AskedQuestions } from '../../../questions/index.ts';
import { answersAsked } from '../../forms/questions.form.ts';
import type { PageServices } from '../page-services.ts';
import { timeAndDay } from '../when.ts';
import { zoneName } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import type { OpenDraft } from './journey.ts';

/** Null: Acuity's forms have never been read. */
export function questionsOf(
  services: Pick<PageServices, 'questions'>,
  { service }: OpenDraft,
): Promise<AskedQuestions | null> {
  return services.questions.questionsFor(service.acuityAppointmentTypeId);
}

/** Missing or wrong answers in the draft, by the questions as they are now. */
export function answerErrors(asked: AskedQuestions | null, { data }: OpenDraft): FieldError[] {
  if (!asked) return [];
  const read = readAnswers(asked.forms, answersAsked(asked.forms, data.answers));
  return read.ok ? [] : read.errors;
}

/** The names of optional details that the specialist's form requires. */
export function requiredNames(asked: AskedQuestions | null): string[] {
  const required = asked?.requiredDetails ?? [];
  return details.flatMap((detail) =>
    detail.intake && required.includes(detail.intake.name) ? [nameOf(detail)] : [],
  );
}

/** The notice to show when Acuity cannot be read; null when it can. */
export function staleWords(asked: AskedQuestions | null, zone: string): string | null {
  if (!asked)
    return 'We can’t read the specialist’s own questions right now. You can still book: the agency will contact you if something is missing.';
  if (!asked.isStale) return null;
  const asOf = `${timeAndDay(asked.asOf, zone)}, ${zoneName(zone, asked.asOf)}`;
  return `We can’t reach the specialist’s calendar right now. These are its questions as they were at ${asOf}.`;
}
