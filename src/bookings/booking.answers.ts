// Reads the details from an appointment's intake answers. It accepts more than the forms do, because Acuity has accepted the
// answers already.
import { createHash } from 'node:crypto';
import { parseDay } from '../lib/dates.ts';
import { tidyLine } from '../lib/typed-text.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { Detail } from './booking.detail.ts';
import { details, digestedDetails, nestDetails, type PartialDetails } from './booking.details.ts';
import type { IntakeFields, IntakeName } from './booking.intake.ts';
import { parsePhone } from './booking.phone.ts';
import { readLanguage } from './booking.text.ts';

export interface Answers {
  reference: string | null;
  organization: string | null;
  /** Only answered details. */
  details: PartialDetails;
  /** An answer can neither be read nor be kept as typed, so staff have to look it up in Acuity. */
  hasUnreadable: boolean;
  /** Changes when an answer that is stored as a column was changed in Acuity. Stored keyed only (keyed-digests.ts). */
  digest: string;
  /** The digest as versions before 0.3 stored it, and the details as they read them. */
  earlier: () => { digest: string; details: PartialDetails };
}

const longest = 1000;
const control = /[\p{Cc}\p{Cs}]/gu;
const overrides = /[\u202d\u202e]/g;

export function answersOf(appointment: Appointment, fields: IntakeFields): Answers {
  const answerTo = tidyAnswers(appointment, fields);
  const read = answeredDetails(answerTo).map((one) => ({
    ...one,
    value: readAnswer(one.intake, one.answer),
  }));
  const valueOf = (detail: Detail) => read.find((one) => one.detail === detail)?.value ?? undefined;
  return {
    reference: answerTo('reference').toUpperCase() || null,
    organization: answerTo('organization') || null,
    details: nestDetails(valueOf),
    hasUnreadable: read.some(({ value }) => value === undefined),
    digest: digestOfAnswered(read),
    earlier: () => readAsEarlier((name) => typedAnswer(appointment, fields, name)),
  };
}

/** The digest of `answersOf`, without reading the answers. */
export function answersDigest(appointment: Appointment, fields: IntakeFields): string {
  return digestOfAnswered(answeredDetails(tidyAnswers(appointment, fields)));
}

function typedAnswer({ answers }: Appointment, fields: IntakeFields, name: IntakeName): string {
  const id = fields.get(name);
  return (id === undefined ? undefined : answers.get(id))?.replaceAll(control, ' ').trim() ?? '';
}

function tidyAnswers(appointment: Appointment, fields: IntakeFields) {
  return (name: IntakeName): string =>
    tidyLine(typedAnswer(appointment, fields, name).replaceAll(overrides, '')).slice(0, longest);
}

function answeredDetails(answerTo: (name: IntakeName) => string) {
  return details.flatMap((detail) => {
    const { intake } = detail;
    const answer = intake && answerTo(intake.name as IntakeName);
    return intake && answer ? [{ detail, intake, answer }] : [];
  });
}

function digestOfAnswered(answered: { detail: Detail; answer: string }[]): string {
  return digestOf(answered.map(({ detail, answer }) => [detail.path, answer]));
}

function readAnswer({ read }: NonNullable<Detail['intake']>, answer: string): string | null | undefined {
  return read ? read(answer) : answer;
}

/**
 * Whether these answers are those that were read last.
 * @param isKnown whether a digest is the one stored with the booking
 */
export function isDigestOf({ digest, earlier }: Answers, isKnown: (digest: string) => boolean): boolean {
  return isKnown(digest) || isKnown(earlier().digest);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}

const earlierReaders: Record<string, (answer: string) => string | null> = {
  examinee_phone: (answer) => parsePhone(answer) ?? answer,
  examinee_date_of_birth(answer) {
    const [, day, month, year] = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(answer) ?? [];
    return parseDay(
      year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : answer,
    );
  },
  interpreter_language: (answer) => readLanguage(answer)?.slice(0, 60).trim() ?? null,
};

/** Reads the details as versions before 0.3 did. Do not change how: the digests that they stored would become invalid. */
function readAsEarlier(typedIn: (name: IntakeName) => string): ReturnType<Answers['earlier']> {
  const then = nestDetails(({ intake }) => {
    const answer = intake && typedIn(intake.name as IntakeName).slice(0, 200);
    if (!intake || !answer) return undefined;
    const read = earlierReaders[intake.name];
    return (read ? read(answer) : answer) ?? undefined;
  });
  return { digest: digestOf(digestedDetails(then)), details: then };
}
