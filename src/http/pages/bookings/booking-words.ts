// A booking's colours, rows and facts on pages.
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import {
  detailIn,
  details,
  examineeName,
  isOfExaminee,
  type AnswersChange,
  type Booking,
  type Detail,
  type Progress,
  type ProgressEntry,
} from '../../../bookings/index.ts';
import { sameWallClock, zoneName, zonePlaceName } from '../../../lib/dates.ts';
import { progressWords, typeWords, withAdmin } from '../../view-helpers.ts';
import {
  clockTimeAmong,
  dayAndClock,
  dayAndClockInZone,
  readerTimeAndDay,
  shortDay,
  stamp,
  timeAndDay,
} from '../when.ts';
import { changeWords } from './answer-words.ts';
import { detailWords, isUnreadable } from './detail-words.ts';

export type Tone = 'brand' | 'info' | 'warn' | 'ok' | 'danger';

const tones: Record<Progress, Tone> = {
  scheduled: 'brand',
  rescheduled: 'brand',
  cancelled: 'danger',
  no_show: 'warn',
  generating_report: 'info',
  report_generated: 'info',
  payment_received: 'ok',
};

export function toneOf(progress: Progress): Tone {
  return tones[progress];
}

/**
 * `Maria Santos`, `Dr Hart` and `Tue 8 Dec, 9:00 am`: what people call a booking. With the zone of the time where the
 * reader's clock shows another time.
 */
export function titleParts(
  { examinee, specialist, startsAt, timezone }: Booking,
  { now, readerZone }: { now: Date; readerZone: string | null },
): string[] {
  const isElsewhere = readerZone !== null && !sameWallClock(startsAt, timezone, readerZone);
  const when = isElsewhere ? dayAndClockInZone : dayAndClock;
  return [
    examineeName(examinee) || 'Name not given',
    calledName(specialist.name),
    when(startsAt, timezone, now),
  ];
}

/** `Dr Hart` for `Dr Amelia Hart`. Names of another shape stay whole: which part is the family name is not known. */
export function calledName(name: string): string {
  const [, title, family] = /^((?:A\/)?(?:Dr|Prof|Professor|Mr|Mrs|Ms|Miss)\.?) \S+ (\S+)$/.exec(name) ?? [];
  return title && family ? `${title} ${family}` : name;
}

export interface BookingFact {
  label: string;
  value: string;
  note?: string | null;
  /** Always http or https. */
  href?: string;
  isProse?: boolean;
}

/** The facts on when and where, which the pages that change a booking show as well. */
export function appointmentFacts(booking: Booking, readerZone: string | null): BookingFact[] {
  const { startsAt, timezone: zone } = booking;
  const yours = readerTimeAndDay(startsAt, zone, readerZone);
  return [
    { label: 'Starts', value: timeAndDay(startsAt, zone), note: zoneName(zone, startsAt) },
    ...(yours ? [{ label: 'Your time', value: yours.time, note: yours.zone }] : []),
    { label: 'Kind', value: `${typeWords[booking.type]}, ${booking.durationMinutes} minutes` },
    { label: 'Specialist', value: booking.specialist.name, note: booking.specialist.specialty },
    ...placeFacts(booking),
  ];
}

function placeFacts(booking: Booking): BookingFact[] {
  const place = booking.type === 'in_person' ? [{ label: 'Place', value: booking.location ?? '' }] : [];
  if (booking.meetingLink) {
    const isAddress = /^https?:\/\//i.test(booking.meetingLink);
    const href = isAddress ? { href: booking.meetingLink } : {};
    return [...place, { label: 'Meeting', value: booking.meetingLink, ...href }];
  }
  return booking.type === 'telehealth'
    ? [{ label: 'Meeting', value: 'The link comes from the specialist before the examination' }]
    : place;
}

export function examineeFacts(booking: Booking): BookingFact[] {
  const others = details.filter((detail) => isOfExaminee(detail) && !detail.isName);
  return [{ label: 'Name', value: examineeName(booking.examinee) }, ...factsOf(booking, others)];
}

function factsOf(booking: Booking, some: Detail[]): BookingFact[] {
  return some.map((detail) => ({
    label: detail.label,
    value: detailWords(detail, detailIn(booking, detail)),
    note: isUnreadable(detail, detailIn(booking, detail)) ? 'This cannot be read' : null,
    isProse: detail.input.as === 'prose',
  }));
}

/** @param madeInAcuityBy the address of whoever made it there; null: do not show */
export function caseFacts(booking: Booking, viewer: Viewer, madeInAcuityBy: string | null): BookingFact[] {
  return [
    ...factsOf(
      booking,
      details.filter((detail) => !isOfExaminee(detail)),
    ),
    ...(isStaff(viewer)
      ? [{ label: 'Organisation', value: booking.organization?.name ?? 'Not assigned' }]
      : []),
    { label: 'Booked by', value: madeBy(booking), ...(madeInAcuityBy && { note: madeInAcuityBy }) },
  ];
}

function madeBy({ createdBy, createdFor, source }: Booking): string {
  if (!createdBy) return source === 'acuity_direct' ? 'In the specialist’s calendar' : '';
  return withAdmin(createdBy, createdFor);
}

export interface TimelineEntry {
  what: string;
  /** The times between which the examination was moved; null: it was not. */
  moved: string | null;
  /** ISO instant. */
  at: string;
  when: string;
  /** `by Rita Shaw, assisted by Ada Fox` */
  who: string;
  notes: string;
  tone: Tone;
}

/** Newest first; times of entries in the reader's zone when it is known, else in the examination's. */
export function timelineOf(
  entries: ProgressEntry[],
  answerChanges: AnswersChange[],
  { zone, ofExamination }: { zone: string; ofExamination: string },
): TimelineEntry[] {
  const all = [
    ...entries.map((entry) => ({
      at: entry.createdAt,
      what: progressWords[entry.progress],
      moved: entry.moved && movedWords(entry.moved, ofExamination),
      who: changedBy(entry),
      notes: entry.notes,
      tone: toneOf(entry.progress),
    })),
    ...answerChanges.map((change) => ({
      at: change.at,
      what: 'Answers changed',
      moved: null,
      who: changedBy({ changedBy: null, changedFor: null, source: change.source }),
      notes: changeWords(change),
      tone: 'info' as const,
    })),
  ];
  return all
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .map(({ at, ...entry }) => ({
      ...entry,
      at: at.toISOString(),
      when: stamp(at, zone),
    }));
}

/** `From 9:00 am, Tue 1 Dec 2026 to 10:30 am, Wed 2 Dec 2026, Sydney time` */
function movedWords({ from, to }: { from: Date; to: Date }, zone: string): string {
  const at = (time: Date) => `${clockTimeAmong(time, zone, [from, to])}, ${shortDay(time, zone)}`;
  return `From ${at(from)} to ${at(to)}, ${zonePlaceName(zone)}`;
}

function changedBy({
  changedBy: by,
  changedFor,
  source,
}: Pick<ProgressEntry, 'changedBy' | 'changedFor' | 'source'>): string {
  if (by) return `by ${withAdmin(by, changedFor)}`;
  return source === 'portal' ? '' : 'from the specialist’s calendar';
}

/** `You moved it`, `Rita Shaw, assisted by Ada Fox, moved it` */
export function moverWords(
  { changedBy: by, changedFor, source }: Pick<ProgressEntry, 'changedBy' | 'changedFor' | 'source'>,
  viewerId: string,
): string {
  if (by?.id === viewerId && !changedFor) return 'You moved it';
  if (by) return `${withAdmin(by, changedFor)}${changedFor ? ',' : ''} moved it`;
  return source === 'portal' ? 'It was moved' : 'It was moved in the specialist’s calendar';
}
