// Demo data for an empty database: the five accounts that npm start prints, two organisations, and the specialists
// whose calendars are in the simulator (src/simulator/fixture.ts).
import { hashPassword } from 'better-auth/crypto';
import { systemIds } from '../src/adapters/system-ids.ts';
import type { Database, Transaction } from '../src/db/knex.ts';
import type { ExaminationType } from '../src/specialists/index.ts';
import { findCalendar, findType } from '../src/simulator/fixture.ts';

export const demoPassword = 'examdesk-demo';

const harbour = { name: 'Harbour Legal', slug: 'harbour-legal' };
const northside = { name: 'Northside Claims', slug: 'northside-claims' };

export const demoAccounts = [
  { name: 'Rita Alvarez', email: 'rita@harbour-legal.example', role: 'referrer', organization: harbour },
  { name: 'Rob Petersen', email: 'rob@harbour-legal.example', role: 'referrer', organization: harbour },
  { name: 'Nadia Karim', email: 'nadia@northside-claims.example', role: 'referrer', organization: northside },
  { name: 'Sam Whitlock', email: 'sam@examdesk.example', role: 'support', organization: null },
  { name: 'Ada Lindqvist', email: 'ada@examdesk.example', role: 'admin', organization: null },
] as const;

/** Name, place, zone and lengths are those of the simulator's calendars and appointment types. */
const specialists = [
  { calendarId: 7001, title: 'Orthopaedic surgeon', specialty: 'Orthopaedic surgery', types: [8001] },
  { calendarId: 7002, title: 'Consultant psychiatrist', specialty: 'Psychiatry', types: [8003, 8004] },
  { calendarId: 7003, title: 'Neurologist', specialty: 'Neurology', types: [8001] },
  { calendarId: 7004, title: 'Consultant psychiatrist', specialty: 'Psychiatry', types: [8004] },
  {
    calendarId: 7005,
    title: 'Occupational physician',
    specialty: 'Occupational medicine',
    types: [8001, 8002],
  },
  {
    calendarId: 7006,
    title: 'Rehabilitation physician',
    specialty: 'Rehabilitation medicine',
    types: [8001, 8002],
  },
  {
    calendarId: 7007,
    title: 'Plastic and reconstructive surgeon',
    specialty: 'Plastic surgery',
    types: [8001],
  },
  // His assessment has its own intake form in Acuity, with required questions.
  { calendarId: 7008, title: 'Neuropsychologist', specialty: 'Neuropsychology', types: [8005, 8006] },
];

const intakeFields = {
  reference: 9101,
  examinee_first_name: 9102,
  examinee_last_name: 9103,
  examinee_phone: 9104,
  examinee_email: 9105,
  examinee_date_of_birth: 9106,
  claim_number: 9107,
  organization: 9108,
  interpreter_language: 9109,
};

/**
 * Fills an empty database, all or nothing.
 * @returns false, without writing, when the database holds an account or a booking
 * @throws Error with NODE_ENV=production, because these passwords are public
 */
export async function seedDemo(db: Database): Promise<boolean> {
  if (process.env.NODE_ENV === 'production') throw new Error('Demo accounts are refused in production');
  if (!(await isEmpty(db))) return false;
  const passwords = await Promise.all(demoAccounts.map(() => hashPassword(demoPassword)));
  return db.transaction(async (trx) => {
    // When two processes start on one empty database, the second waits here and then finds it filled.
    await trx.raw('lock table users in share row exclusive mode');
    if (!(await isEmpty(trx))) return false;
    await insertPeople(trx, passwords);
    await insertSpecialists(trx);
    await trx('intake_fields').insert(
      Object.entries(intakeFields).map(([name, acuity_field_id]) => ({ name, acuity_field_id })),
    );
    return true;
  });
}

async function isEmpty(db: Database | Transaction): Promise<boolean> {
  for (const table of ['users', 'bookings', 'specialists']) {
    if (await db(table).first('id')) return false;
  }
  return true;
}

async function insertPeople(trx: Transaction, passwords: string[]): Promise<void> {
  const now = new Date();
  const organizationIds = new Map([harbour, northside].map(({ slug }) => [slug, systemIds.uuid()] as const));
  await trx('organizations').insert(
    [harbour, northside].map((each) => ({ id: organizationIds.get(each.slug), ...each, created_at: now })),
  );
  for (const [index, { name, email, role, organization }] of demoAccounts.entries()) {
    const id = systemIds.uuid();
    await trx('users').insert({ id, name, email, email_verified: true, role });
    await trx('accounts').insert({
      account_id: id,
      provider_id: 'credential',
      user_id: id,
      password: passwords[index],
      updated_at: now,
    });
    if (organization) {
      const organization_id = organizationIds.get(organization.slug);
      await trx('members').insert({ organization_id, user_id: id, role: 'member', created_at: now });
    }
  }
}

async function insertSpecialists(trx: Transaction): Promise<void> {
  for (const [position, { calendarId, types, ...facts }] of specialists.entries()) {
    const calendar = findCalendar(calendarId);
    if (!calendar) throw new Error(`The simulator has no calendar ${calendarId}`);
    const { name, location, timezone } = calendar;
    const id = systemIds.uuid();
    await trx('specialists').insert({
      id,
      ...facts,
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
