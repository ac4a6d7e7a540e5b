// Places the table of cases in time: the same day of the first start always gives the same examinations.
import { createHash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import { referenceLetters } from '../../src/lib/reference.ts';
import type { ExaminationType } from '../../src/specialists/index.ts';
import { findCalendar, findType, type AppointmentType, type Calendar } from '../../src/simulator/fixture.ts';
import { firstId, meetingLinkOf, openSlots } from '../../src/simulator/index.ts';
import { cases, episode, type DemoCase } from './cases.ts';

export interface Examination {
  row: DemoCase;
  appointmentId: number;
  reference: string;
  calendar: Calendar;
  type: ExaminationType;
  typeId: number;
  startsAt: Date;
  durationMinutes: number;
  location: string | null;
  meetingLink: string | null;
  phone: string;
  email: string | null;
  bookedAt: Date;
  moved: { from: Date; at: Date } | null;
  cancelledAt: Date | null;
  /** When the specialist began the report; null: not yet. */
  writingSince: Date | null;
  reportedAt: Date | null;
  paidAt: Date | null;
}

export interface Story {
  /** `YYYY-MM-DD`, of the first start. */
  firstDay: string;
  examinations: Examination[];
  episode: { startedAt: Date; endedAt: Date };
}

/** Where the agency works. */
const home = 'Australia/Sydney';
const minute = 60_000;
const hoursToday = ['09:00', '11:30', '14:30'];
const firstFixtureId = firstId - 100;

/** Sydney's day at this moment. */
export function dayOfFirstStart(now: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(home)
    .toPlainDate()
    .toString();
}

export function tellStory(firstDay: string): Story {
  const place = createPlacing(firstDay);
  const examinations = cases.map((row, index) => place.examination(row, index));
  const startedAt = place.instant(episode.day, episode.from);
  return {
    firstDay,
    examinations,
    episode: { startedAt, endedAt: new Date(startedAt.getTime() + episode.minutes * minute) },
  };
}

function createPlacing(firstDay: string) {
  const today = Temporal.PlainDate.from(firstDay);
  const taken: { calendarId: number; from: number; to: number }[] = [];

  /** A moment on that day, or on the business day before it. */
  function instant(day: number, time: string, zone = home): Date {
    const date = onBusinessDay(today.add({ days: day }), -1);
    return wallClock(date, time, zone);
  }

  /** The free start that is nearest to the day: earlier for days that are over, later for days ahead. */
  function slot(calendar: Calendar, type: AppointmentType, day: number, at: number): Date {
    if (day === 0) return wallClock(today, hoursToday[at] ?? '16:00', calendar.timezone);
    const step = day < 0 ? -1 : 1;
    for (let date = today.add({ days: day }); ; date = date.add({ days: step })) {
      const free = openSlots(calendar, type, date.toString()).filter((start) =>
        isFree(calendar.id, start, type),
      );
      const start = free[Math.min(at, free.length - 1)];
      if (start) return start;
    }
  }

  function isFree(calendarId: number, start: Date, type: AppointmentType): boolean {
    const { from, to } = spanOf(start, type);
    return taken.every((one) => one.calendarId !== calendarId || one.to <= from || one.from >= to);
  }

  function examination(row: DemoCase, index: number): Examination {
    const [calendarId, typeId] = row.with;
    const { calendar, type } = offered(calendarId, typeId);
    const startsAt = slot(calendar, type, row.day, row.at ?? 0);
    if (row.stage !== 'cancelled') taken.push({ calendarId, ...spanOf(startsAt, type) });
    const appointmentId = firstFixtureId + index;
    const isOver = row.stage === 'writing' || row.stage === 'reported' || row.stage === 'paid';
    /** No two clerks work to the minute. */
    const clock = (hour: number) =>
      `${String(hour).padStart(2, '0')}:${String((index * 7) % 60).padStart(2, '0')}`;
    const [firstName, lastName] = row.examinee;
    return {
      row,
      appointmentId,
      reference: referenceOf(index),
      calendar,
      type: type.isVideo ? 'telehealth' : 'in_person',
      typeId,
      startsAt,
      durationMinutes: type.duration,
      location: type.isVideo ? null : calendar.location,
      meetingLink: type.isVideo ? meetingLinkOf(appointmentId) : null,
      phone: row.lacksPhone ? '' : mobileOf(index),
      email:
        index % 3 === 2
          ? null
          : `${`${firstName}.${lastName}`.toLowerCase().replaceAll(' ', '')}@mail.example`,
      bookedAt: instant(row.booked, clock(10)),
      moved: row.moved
        ? { from: slot(calendar, type, row.moved.from, 0), at: instant(row.moved.on, clock(15)) }
        : null,
      cancelledAt: row.cancelled ? instant(row.cancelled.on, clock(9)) : null,
      writingSince: isOver ? new Date(startsAt.getTime() + (type.duration + 45) * minute) : null,
      reportedAt: row.reported === undefined ? null : instant(row.reported, clock(16)),
      paidAt: row.paid === undefined ? null : instant(row.paid, clock(11)),
    };
  }

  return { examination, instant };
}

function offered(calendarId: number, typeId: number): { calendar: Calendar; type: AppointmentType } {
  const [calendar, type] = [findCalendar(calendarId), findType(typeId)];
  if (!calendar || !type?.calendarIDs.includes(calendarId))
    throw new Error(`Calendar ${calendarId} of the practice has no appointment type ${typeId}`);
  return { calendar, type };
}

function spanOf(start: Date, { duration, paddingAfter }: AppointmentType): { from: number; to: number } {
  return { from: start.getTime(), to: start.getTime() + (duration + paddingAfter) * minute };
}

function onBusinessDay(date: Temporal.PlainDate, step: number): Temporal.PlainDate {
  return date.dayOfWeek > 5 ? onBusinessDay(date.add({ days: step }), step) : date;
}

function wallClock(date: Temporal.PlainDate, time: string, zone: string): Date {
  return new Date(date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds);
}

/** Always the same one for a row, so that pictures and bookmarks of the demo keep it. */
function referenceOf(index: number): string {
  const bytes = createHash('sha256').update(`demo ${index}`).digest();
  const letters = Array.from(
    bytes.subarray(0, 6),
    (byte) => referenceLetters[byte % referenceLetters.length],
  );
  return `EX-${letters.join('')}`;
}

/** Mobile numbers that are reserved for fiction. */
const mobiles = [
  ...['570006', '570156', '570157', '570158', '570159', '570110', '570313', '570737', '571266', '571491'],
  ...['571804', '572549', '572665', '572983', '573770', '573087', '574118', '574632', '575254', '575789'],
  ...['576398', '576801', '577426', '577644', '578957', '578148', '578888', '579212', '579760', '579455'],
];
const mobileOf = (index: number): string => `+61491${mobiles[index % mobiles.length]}`;
