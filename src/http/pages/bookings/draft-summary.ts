// What a draft holds, in words, with the way back to each step.
import { zoneName } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import { fieldId, typeWords } from '../../view-helpers.ts';
import { dayWords, readerTimeAndDay, timeAndDay } from '../when.ts';
import type { OpenDraft } from './journey.ts';

export interface SummaryRow {
  /** Where the error summary's link leads. */
  id: string;
  label: string;
  value: string;
  note?: string | null;
  isProse?: boolean;
}

export interface SummarySection {
  id: string;
  title: string;
  href: string;
  /** After "Change", for those who hear the link alone. */
  change: string;
  rows: SummaryRow[];
}

/** The field of each row, so that what the booking room complains of can be linked to. */
export function draftSections(draft: OpenDraft, readerZone: string | null): SummarySection[] {
  const { id, data, specialist, service, startsAt } = draft;
  const zone = specialist.timezone;
  const examinee = data.examinee;
  const yours = startsAt && readerTimeAndDay(startsAt, zone, readerZone);
  const row = (path: string, label: string, value: string, note?: string | null): SummaryRow => ({
    id: fieldId(path),
    label,
    value,
    note: note ?? null,
  });
  return [
    {
      id: 'summary-specialist',
      title: 'Examination',
      href: paths.newBooking(id),
      change: 'the specialist',
      rows: [
        row('specialistId', 'Specialist', specialist.name, specialist.specialty),
        row('type', 'Kind', `${typeWords[service.type]}, ${service.durationMinutes} minutes`),
        ...(service.type === 'in_person' ? [row('location', 'Place', specialist.location ?? '')] : []),
      ],
    },
    {
      id: 'summary-time',
      title: 'Day and time',
      href: paths.draftTime(id),
      change: 'the day and time',
      rows: startsAt
        ? [
            row('startsAt', 'Starts', timeAndDay(startsAt, zone), zoneName(zone, startsAt)),
            ...(yours ? [row('your-time', 'Your time', yours.time, yours.zone)] : []),
          ]
        : [],
    },
    {
      id: 'summary-examinee',
      title: 'Examinee',
      href: paths.draftExaminee(id),
      change: 'the examinee',
      rows: [
        row('examinee.firstName', 'First name', examinee?.firstName ?? ''),
        row('examinee.lastName', 'Last name', examinee?.lastName ?? ''),
        row('examinee.phone', 'Phone', examinee?.phone ?? ''),
        row('examinee.email', 'E-mail address', examinee?.email ?? ''),
        row('examinee.dateOfBirth', 'Date of birth', bornOn(examinee?.dateOfBirth)),
        row('claimNumber', 'Claim number', data.claimNumber ?? ''),
        { ...row('notes', 'Notes', data.notes ?? ''), isProse: true },
      ],
    },
  ];
}

/** `27 March 1984`: nobody needs the weekday of a birth. */
export function bornOn(day: string | null | undefined): string {
  return day ? dayWords(day).replace(/^\S+ /, '') : '';
}
