// What an examinee has to know before the examination: the words of the page to print and of the mails to them.
import { formatExamTime } from '../lib/dates.ts';
import { mapLink } from '../lib/map-link.ts';
import { examineeName } from './booking.details.ts';
import type { Booking } from './booking.ts';

export interface Instructions {
  /** The examinee's name, such as "Maria Santos"; '' when it is not known. */
  examinee: string;
  when: string;
  /** The place links to a map, or to the meeting. */
  facts: { label: string; value: string; href?: string }[];
  /** "Please bring" or "Please have ready". */
  bringTitle: string;
  bring: readonly string[];
  /** When to come, and the interpreter. */
  notes: string[];
  /** Whom to call. */
  call: string;
}

const photo = 'photo identification, such as a driver’s licence or a passport';
const medicines = 'a list of the medicines you take';

const bring: Record<Booking['type'], { title: string; things: readonly string[]; when: string }> = {
  in_person: {
    title: 'Please bring',
    things: [
      photo,
      medicines,
      'X-rays, scans and medical reports that you have at home',
      'your glasses or hearing aids, if you use them',
    ],
    when: 'Please arrive 10 minutes early. The building may ask you to sign in.',
  },
  telehealth: {
    title: 'Please have ready',
    things: [
      photo,
      medicines,
      'a phone, tablet or computer with a camera, a microphone and a steady connection',
      'a quiet room where nobody else can listen',
    ],
    when: 'Please open the meeting link 5 minutes early.',
  },
};

/** @param phone the number that the organisation gives to examinees */
export function instructionsFor(booking: Booking, phone: string | null): Instructions {
  const { title, things, when } = bring[booking.type];
  const { interpreterLanguage } = booking.examinee;
  return {
    examinee: examineeName(booking.examinee),
    when: formatExamTime(booking.startsAt, booking.timezone),
    facts: [
      { label: 'How long', value: `${booking.durationMinutes} minutes` },
      { label: 'With', value: `${booking.specialist.name}, ${booking.specialist.specialty}` },
      ...placeFacts(booking),
    ],
    bringTitle: title,
    bring: things,
    notes: interpreterLanguage ? [when, `An interpreter was requested: ${interpreterLanguage}.`] : [when],
    call: callWords(booking, phone),
  };
}

function placeFacts({ type, location, meetingLink }: Booking): Instructions['facts'] {
  if (type === 'in_person') {
    return location
      ? [{ label: 'Where', value: location, href: mapLink(location) }]
      : [{ label: 'Where', value: 'The specialist’s rooms' }];
  }
  return meetingLink
    ? [{ label: 'Where', value: `Online: ${meetingLink}`, href: meetingLink }]
    : [{ label: 'Where', value: 'Online; you will receive the link separately' }];
}

function callWords({ organization, createdBy }: Booking, phone: string | null): string {
  const who = organization?.name ?? 'the people who arranged it';
  const whom = createdBy && organization ? `${createdBy.name} at ${who}` : who;
  return phone
    ? `If you cannot come, are late or need help, please call ${whom} on ${phone}.`
    : `If you cannot come or need help, please tell ${whom} as soon as you can.`;
}
