// What Acuity's intake form says about an examination. Lenient: whatever stands there has happened.
import { createHash } from 'node:crypto';
import type { Queryable } from '../db/knex.ts';
import type { Appointment } from '../ports/acuity.ts';
import { earlierMappings } from '../questions/index.ts';
import { intakeFields, type IntakeFields, type IntakeName } from './booking.acuity.ts';
import type { BookingDeps } from './booking.deps.ts';
import {
  changedDetails,
  detailIn,
  digestedDetails,
  nestDetails,
  type BookingDetails,
  type PartialDetails,
} from './booking.details.ts';

export interface Answers {
  reference: string | null;
  organization: string | null;
  /** Only what was answered. */
  details: PartialDetails;
  /** Of the answers that become columns here: differs when one of them was changed in Acuity. */
  digest: string;
}

const longest = 200;
const unprintable = /[\p{Cc}\p{Cs}]/gu;

export function answersOf(appointment: Appointment, fields: IntakeFields): Answers {
  const said = (name: IntakeName): string | null => {
    const id = fields.get(name);
    const answer = id === undefined ? undefined : appointment.answers.get(id);
    return answer?.replaceAll(unprintable, ' ').trim().slice(0, longest) || null;
  };
  const details = nestDetails(({ intake }) => {
    const answer = intake && said(intake.name as IntakeName);
    if (!intake || !answer) return undefined;
    return (intake.read ? intake.read(answer) : answer) ?? undefined;
  });
  return {
    reference: said('reference')?.toUpperCase() ?? null,
    organization: said('organization'),
    details,
    digest: createHash('sha256')
      .update(JSON.stringify(digestedDetails(details)))
      .digest('base64url'),
  };
}

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

/**
 * What may be a reference of ours: the answer to its question, and to those that were its question before, because an
 * appointment may have been made under an earlier mapping.
 */
export async function referencesIn(
  deps: Pick<BookingDeps, 'db' | 'referenceFieldId'>,
  appointment: Appointment,
): Promise<string[]> {
  const mappings = [await intakeFields(deps.db, deps), ...(await earlierFields(deps.db))];
  const references = mappings.map((fields) => answersOf(appointment, fields).reference);
  return [...new Set(references.filter((reference) => reference !== null))];
}
