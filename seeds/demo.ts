// Demo data for an empty database: the five accounts that npm start prints, their organisations, the specialists whose
// calendars are in the simulator (src/simulator/fixture.ts), and for npm start a story of bookings (seeds/demo).
import { systemIds } from '../src/adapters/system-ids.ts';
import type { Database, Transaction } from '../src/db/knex.ts';
import type { ExaminationType } from '../src/specialists/index.ts';
import { findCalendar, findType } from '../src/simulator/fixture.ts';
import { intakeFields } from './demo/intake.ts';
import { accounts, colleagues, type DemoOrganization, type DemoPerson } from './demo/people.ts';
import { specialists } from './demo/specialists.ts';

export const demoPassword = 'examdesk-demo';

export { accounts as demoAccounts } from './demo/people.ts';

/** What the demo has beside the five accounts and the specialists: more people, and bookings with their histories. */
export interface DemoStory {
  write(trx: Transaction): Promise<void>;
}

/**
 * Fills an empty database, all or nothing.
 * @returns false, without writing, when the database holds an account or a booking
 * @throws Error with NODE_ENV=production, because these passwords are public
 */
export async function seedDemo(db: Database, story?: DemoStory): Promise<boolean> {
  if (process.env.NODE_ENV === 'production') throw new Error('Demo accounts are refused in production');
  if (!(await isEmpty(db))) return false;
  // One hash for all: hashing is slow on purpose, and everybody knows the password.
  const { hashPassword } = await import('better-auth/crypto');
  const password = await hashPassword(demoPassword);
  return db.transaction(async (trx) => {
    // When two processes start on one empty database, the second waits here and then finds it filled.
    await trx.raw('lock table users in share row exclusive mode');
    if (!(await isEmpty(trx))) return false;
    await insertPeople(trx, accounts, password);
    await insertSpecialists(trx);
    await trx('intake_fields').insert(
      Object.entries(intakeFields).map(([name, acuity_field_id]) => ({ name, acuity_field_id })),
    );
    if (story) {
      await insertPeople(trx, colleagues, null);
      await story.write(trx);
    }
    return true;
  });
}

async function isEmpty(db: Database | Transaction): Promise<boolean> {
  for (const table of ['users', 'bookings', 'specialists']) {
    if (await db(table).first('id')) return false;
  }
  return true;
}

/** @param password its hash; null: they can sign in once they have chosen one */
async function insertPeople(
  trx: Transaction,
  people: readonly DemoPerson[],
  password: string | null,
): Promise<void> {
  const now = new Date();
  const organizationIds = await insertOrganizations(trx, people, now);
  for (const { name, email, role, organization } of people) {
    const id = systemIds.uuid();
    await trx('users').insert({ id, name, email, email_verified: true, role });
    if (password)
      await trx('accounts').insert({
        account_id: id,
        provider_id: 'credential',
        user_id: id,
        password,
        updated_at: now,
      });
    if (organization) {
      const organization_id = organizationIds.get(organization.slug);
      await trx('members').insert({ organization_id, user_id: id, role: 'member', created_at: now });
    }
  }
}

/** Those of the people that are not there yet. @returns the ids by slug */
async function insertOrganizations(
  trx: Transaction,
  people: readonly DemoPerson[],
  now: Date,
): Promise<Map<string, string>> {
  const wanted = new Set<DemoOrganization>(people.flatMap(({ organization }) => organization ?? []));
  await trx('organizations')
    .insert([...wanted].map((each) => ({ id: systemIds.uuid(), ...each, created_at: now })))
    .onConflict('slug')
    .ignore();
  const rows = await trx('organizations').select('id', 'slug');
  return new Map(rows.map(({ id, slug }) => [slug, id]));
}

async function insertSpecialists(trx: Transaction): Promise<void> {
  for (const [position, one] of specialists.entries()) {
    const { calendarId, types, title, specialty, qualifications, languages } = one;
    const calendar = findCalendar(calendarId);
    if (!calendar) throw new Error(`The simulator has no calendar ${calendarId}`);
    const { name, location, timezone } = calendar;
    const id = systemIds.uuid();
    await trx('specialists').insert({
      id,
      title,
      specialty,
      qualifications,
      languages,
      examines: one.examines.join('\n'),
      report_days: one.reportDays,
      name,
      location: location || null,
      timezone,
      acuity_calendar_id: calendarId,
      position,
    });
    await trx('specialist_services').insert(
      types.map((typeId) => ({ specialist_id: id, ...serviceOf(typeId) })),
    );
  }
}

function serviceOf(
  typeId: number,
): Record<'acuity_appointment_type_id' | 'duration_minutes', number> & { type: ExaminationType } {
  const type = findType(typeId);
  if (!type) throw new Error(`The simulator has no appointment type ${typeId}`);
  return {
    type: type.isVideo ? 'telehealth' : 'in_person',
    acuity_appointment_type_id: typeId,
    duration_minutes: type.duration,
  };
}
