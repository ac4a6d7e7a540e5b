// The practice's side of the story: the appointments that the simulator has from the start.
import type { StoredAppointment } from '../../src/simulator/index.ts';
import type { Examination, Story } from './examinations.ts';
import { intakeFields, type IntakeQuestion } from './intake.ts';
import { personOf, phoneOf } from './people.ts';

export const receptionist = 'reception@clinic.example';

export function appointmentsOf({ examinations }: Story): StoredAppointment[] {
  return examinations.filter(({ row }) => !row.deletedInAcuity).map(appointmentOf);
}

function appointmentOf(one: Examination): StoredAppointment {
  const { row, appointmentId: id } = one;
  const answered = answersTo(one);
  return {
    id,
    ...clientOf(row.by),
    appointmentTypeID: one.typeId,
    calendarID: one.calendar.id,
    datetime: one.startsAt.toISOString(),
    createdAt: one.bookedAt.toISOString(),
    duration: one.durationMinutes,
    timezone: one.calendar.timezone,
    location: '',
    notes: '',
    canceled: row.stage === 'cancelled' || row.stage === 'no_show',
    noShow: row.stage === 'no_show',
    scheduledBy: typeof row.by === 'string' ? null : receptionist,
    answers: withIds(id, answered),
  };
}

/** Unanswered questions are left out. */
export function answersTo(one: Examination): [fieldId: number, value: string][] {
  const { row } = one;
  const [firstName, lastName, dateOfBirth] = row.examinee;
  const given: Partial<Record<IntakeQuestion, string | null>> = {
    // The practice's staff do not know our references.
    reference: typeof row.by === 'string' ? one.reference : null,
    examinee_first_name: firstName,
    examinee_last_name: lastName,
    examinee_phone: one.phone,
    examinee_email: one.email,
    examinee_date_of_birth: dateOfBirth,
    claim_number: row.claim,
    organization: firmOf(row.by),
    interpreter_language: row.interpreter ?? null,
  };
  return Object.entries(given).flatMap(([question, value]) =>
    value ? [[intakeFields[question as IntakeQuestion], value] as [number, string]] : [],
  );
}

type Booker = Examination['row']['by'];

/** In Acuity the client is the referrer. */
function clientOf(by: Booker): Pick<StoredAppointment, 'firstName' | 'lastName' | 'phone' | 'email'> {
  const who = typeof by === 'string' ? by : by.clinic;
  if (typeof who !== 'string')
    return { firstName: who.firstName, lastName: who.lastName, phone: '', email: who.email };
  const { name, email } = personOf(who);
  const [firstName = '', ...others] = name.split(' ');
  return { firstName, lastName: others.join(' '), phone: phoneOf(who), email };
}

function firmOf(by: Booker): string {
  const who = typeof by === 'string' ? by : by.clinic;
  return typeof who === 'string' ? (personOf(who).organization?.name ?? '') : who.firm;
}

function withIds(appointmentId: number, answers: [number, string][]): StoredAppointment['answers'] {
  return answers.map(([fieldID, value]) => ({ id: appointmentId * 100 + (fieldID % 100), fieldID, value }));
}
