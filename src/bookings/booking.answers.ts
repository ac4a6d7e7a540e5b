// Reads the details from an appointment's intake answers. Lenient: what is in Acuity has been accepted already.
import { createHash } from 'node:crypto';
import type { Appointment } from '../ports/acuity.ts';
import { digestedDetails, nestDetails, type PartialDetails } from './booking.details.ts';
import type { IntakeFields, IntakeName } from './booking.intake.ts';

export interface Answers {
  reference: string | null;
  organization: string | null;
  /** Only answered details. */
  details: PartialDetails;
  /** Changes when an answer that is stored as a column was changed in Acuity. */
  digest: string;
}

const maxLength = 200;
const unprintable = /[\p{Cc}\p{Cs}]/gu;

export function answersOf(appointment: Appointment, fields: IntakeFields): Answers {
  const answerTo = (name: IntakeName): string | null => {
    const id = fields.get(name);
    const answer = id === undefined ? undefined : appointment.answers.get(id);
    return answer?.replaceAll(unprintable, ' ').trim().slice(0, maxLength) || null;
  };
  const details = nestDetails(({ intake }) => {
    const answer = intake && answerTo(intake.name as IntakeName);
    if (!intake || !answer) return undefined;
    return (intake.read ? intake.read(answer) : answer) ?? undefined;
  });
  return {
    reference: answerTo('reference')?.toUpperCase() ?? null,
    organization: answerTo('organization'),
    details,
    digest: createHash('sha256')
      .update(JSON.stringify(digestedDetails(details)))
      .digest('base64url'),
  };
}
