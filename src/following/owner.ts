// Finds the referrer and the organisation of an appointment that was made in Acuity.
import type { AttemptDeps } from '../attempts/index.ts';
import { type Answers, type Booking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mergedInto } from '../db/merges.ts';
import { tidyEmail } from '../lib/typed-email.ts';
import { tidyLine } from '../lib/typed-text.ts';
import type { Appointment } from '../ports/acuity.ts';

export interface Owner {
  userId: string | null;
  organizationId: string | null;
}

/**
 * Finds them by the referrer's address, else by the organisation's name; otherwise staff assign the booking. Acuity
 * keeps the address and the name of a record that was merged away.
 */
export async function ownerOf(
  db: Queryable,
  deps: Pick<AttemptDeps, 'referrerFieldId'>,
  appointment: Appointment,
  answers: Answers,
): Promise<Owner> {
  const named =
    deps.referrerFieldId === undefined ? undefined : appointment.answers.get(deps.referrerFieldId);
  for (const email of [named, appointment.client.email]) {
    const referrer = email ? await referrerBy(db, email) : null;
    if (referrer) return referrer;
  }
  const organization = answers.organization
    ? await db('organizations').whereRaw('fold_text(name) = fold_text(?)', [answers.organization]).first('id')
    : undefined;
  return { userId: null, organizationId: organization ? await mergedInto(db, organization.id) : null };
}

async function referrerBy(db: Queryable, email: string): Promise<Owner | null> {
  const row = await db('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.role': 'referrer', 'u.banned': false })
    .whereRaw('u.id = merged_into((select id from users where email = ?))', [tidyEmail(email).toLowerCase()])
    .first<{ id: string; organization_id: string } | undefined>('u.id', 'm.organization_id');
  return row ? { userId: row.id, organizationId: row.organization_id } : null;
}

/**
 * For a booking without a referrer, when Acuity names a known one later: the clinic corrected the address, or the
 * account is new. Staff decide about a referrer of another organisation than the booking's.
 */
export async function lateOwner(
  db: Queryable,
  deps: Pick<AttemptDeps, 'referrerFieldId'>,
  booking: Booking,
  appointment: Appointment,
  answers: Answers,
): Promise<{ createdById: string; organizationId: string } | null> {
  if (booking.createdBy || booking.source !== 'acuity_direct') return null;
  const { userId, organizationId } = await ownerOf(db, deps, appointment, answers);
  if (!userId || !organizationId) return null;
  if (booking.organization && booking.organization.id !== organizationId) return null;
  return { createdById: userId, organizationId };
}

/**
 * The person whom Acuity names as referrer, when nobody here has that address and the form names an organisation too.
 * The name is the client's, unless a separate question holds the referrer's address.
 */
export async function findUnknownReferrer(
  db: Queryable,
  { referrerFieldId }: Pick<AttemptDeps, 'referrerFieldId'>,
  { client, answers }: Appointment,
  { organization }: Answers,
): Promise<{ email: string; name: string; organization: string } | null> {
  const named = referrerFieldId === undefined ? undefined : answers.get(referrerFieldId);
  const [email, clientEmail] = [named ?? client.email, client.email].map((typed) =>
    tidyEmail(typed ?? '').toLowerCase(),
  );
  if (!email || !organization) return null;
  if (await db('users').where({ email }).first('id')) return null;
  const name = email === clientEmail ? tidyLine(`${client.firstName} ${client.lastName}`) : '';
  return { email, name: name || email, organization };
}
