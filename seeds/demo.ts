// Demo data for an empty database: the five accounts that npm start prints, two organisations, and the specialists
// whose calendars are in the simulator (src/simulator/fixture.ts).
import { hashPassword } from 'better-auth/crypto';
import { systemIds } from '../src/adapters/system-ids.ts';
import type { Database, Transaction } from '../src/db/knex.ts';
import type { SpecialistService } from '../src/specialists/index.ts';

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

const inPerson = service('in_person', 8001, 60);
const telehealth = service('telehealth', 8002, 45);
const longPsychiatric = service('in_person', 8003, 90);
const telePsychiatric = service('telehealth', 8004, 60);
const neuropsychological = service('in_person', 8005, 110);
const teleNeuropsychological = service('telehealth', 8006, 60);

const specialists = [
  {
    name: 'Dr Amelia Hart',
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    location: 'Level 8, 210 George Street, Sydney NSW 2000',
    timezone: 'Australia/Sydney',
    acuityCalendarId: 7001,
    services: [inPerson],
  },
  {
    name: 'Dr Bruno Keller',
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    location: 'Suite 3, 55 Macquarie Street, Parramatta NSW 2150',
    timezone: 'Australia/Sydney',
    acuityCalendarId: 7002,
    services: [longPsychiatric, telePsychiatric],
  },
  {
    name: 'Dr Chen Wei',
    title: 'Neurologist',
    specialty: 'Neurology',
    location: '12 Ord Street, West Perth WA 6005',
    timezone: 'Australia/Perth',
    acuityCalendarId: 7003,
    services: [inPerson],
  },
  {
    name: 'Dr Dalia Osman',
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    location: null,
    timezone: 'Australia/Perth',
    acuityCalendarId: 7004,
    services: [telePsychiatric],
  },
  {
    name: 'Dr Erik Lund',
    title: 'Occupational physician',
    specialty: 'Occupational medicine',
    location: '88 Pirie Street, Adelaide SA 5000',
    timezone: 'Australia/Adelaide',
    acuityCalendarId: 7005,
    services: [inPerson, telehealth],
  },
  {
    name: 'Dr Farah Nasser',
    title: 'Rehabilitation physician',
    specialty: 'Rehabilitation medicine',
    location: '19 Khyber Pass Road, Auckland 1023',
    timezone: 'Pacific/Auckland',
    acuityCalendarId: 7006,
    services: [inPerson, telehealth],
  },
  {
    name: 'Dr Gil Moreau',
    title: 'Plastic and reconstructive surgeon',
    specialty: 'Plastic surgery',
    location: 'Level 2, 400 Victoria Avenue, Chatswood NSW 2067',
    timezone: 'Australia/Sydney',
    acuityCalendarId: 7007,
    services: [inPerson],
  },
  {
    // His assessment has its own intake form in Acuity, with required questions.
    name: 'Dr Hugo Iversen',
    title: 'Neuropsychologist',
    specialty: 'Neuropsychology',
    location: 'Level 5, 470 Collins Street, Melbourne VIC 3000',
    timezone: 'Australia/Melbourne',
    acuityCalendarId: 7008,
    services: [neuropsychological, teleNeuropsychological],
  },
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
  for (const [position, { services, acuityCalendarId, ...facts }] of specialists.entries()) {
    const id = systemIds.uuid();
    await trx('specialists').insert({ id, ...facts, acuity_calendar_id: acuityCalendarId, position });
    await trx('specialist_services').insert(
      services.map((each) => ({
        specialist_id: id,
        type: each.type,
        acuity_appointment_type_id: each.acuityAppointmentTypeId,
        duration_minutes: each.durationMinutes,
      })),
    );
  }
}

function service(
  type: SpecialistService['type'],
  acuityAppointmentTypeId: number,
  durationMinutes: number,
): SpecialistService {
  return { type, acuityAppointmentTypeId, durationMinutes };
}
