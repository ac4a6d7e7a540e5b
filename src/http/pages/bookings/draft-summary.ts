// The summary of a draft, with links to each step.
import { detailIn, details } from '../../../bookings/index.ts';
import type { AskedQuestions } from '../../../questions/index.ts';
import { zoneName } from '../../../lib/dates.ts';
import { tidyProse } from '../../../lib/typed-text.ts';
import { paths } from '../../paths.ts';
import { fieldId, typeWords } from '../../view-helpers.ts';
import { readerTimeAndDay, timeAndDay } from '../when.ts';
import { draftAnswers } from './answer-words.ts';
import { detailWords } from './detail-words.ts';
import type { OpenDraft } from './journey.ts';

export interface SummaryRow {
  /** The target of the error summary's link. */
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
  /** Read after "Change" by screen readers. */
  change: string;
  rows: SummaryRow[];
}

/** Row ids are the paths of fields, so that errors of the bookings room can link to them. */
export function draftSections(
  draft: OpenDraft,
  asked: AskedQuestions | null,
  readerZone: string | null,
): SummarySection[] {
  const { id, data, specialist, service, startsAt } = draft;
  const zone = specialist.timezone;
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
      rows: details.map((detail) => ({
        ...row(detail.path, detail.label, detailWords(detail, tidyProse(detailIn(data, detail) ?? ''))),
        isProse: detail.input.as === 'prose',
      })),
    },
    ...draftAnswers(asked?.forms ?? [], data.answers ?? []).map((group, index) => ({
      id: `summary-answers-${index + 1}`,
      title: group.title || 'Questions from the specialist',
      href: paths.draftExaminee(id),
      change: `the answers to ${group.title || 'the specialist’s questions'}`,
      rows: group.rows,
    })),
  ];
}
