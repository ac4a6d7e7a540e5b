// The rows of the list and their actions, which lead back to the list as it was.
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import { details, examineeName, type ListedBooking, type Need } from '../../../bookings/index.ts';
import { remembered } from '../../../lib/remembered.ts';
import { shortZone } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import { progressWords, typeWords } from '../../view-helpers.ts';
import { clockTime, shortDay } from '../when.ts';
import { withBack } from './back-to-list.ts';
import { calledName, toneOf, type Tone } from './booking-words.ts';
import { detailWords } from './detail-words.ts';
import { needMarks, type NeedMark } from './need-words.ts';
import { mayAddToCalendar, mayChange } from './show.page.ts';

export interface RowAction {
  text: string;
  href: string;
  isFile?: true;
}

export interface ListRow extends RowTimes {
  href: string;
  reference: string;
  /** A phone leaves out the present year. */
  isThisYear: boolean;
  type: string;
  examinee: string;
  claimNumber: string | null;
  specialist: string;
  /** `Dr Hart`, for narrow screens. */
  specialistCalled: string;
  specialty: string;
  progress: string;
  tone: Tone;
  detailsNeeded: boolean;
  phone: { text: string; href: string } | null;
  referrer: string;
  organization: string | null;
  /** What in this booking needs the viewer. */
  marks: NeedMark[];
  isNew: boolean;
  /** False when a mark says the same. */
  showsProgress: boolean;
  actions: RowAction[];
}

export interface RowsContext {
  viewer: Viewer;
  now: Date;
  needs: Map<string, Need[]>;
  /** The list's address. */
  list: string;
}

export function listRow(booking: ListedBooking, { viewer, now, needs, list }: RowsContext): ListRow {
  const marks = needMarks(booking, needs.get(booking.id) ?? [], now);
  const progress = progressWords[booking.currentProgress];
  const { startsAt, day, year, time, zone } = timesOf(booking.startsAt.getTime(), booking.timezone);
  return {
    href: paths.booking(booking.id),
    reference: booking.reference,
    startsAt,
    day,
    year,
    isThisYear: year === String(now.getUTCFullYear()),
    time,
    zone,
    type: typeWords[booking.type],
    examinee: examineeName(booking.examinee),
    claimNumber: booking.claimNumber,
    specialist: booking.specialist.name,
    specialistCalled: calledName(booking.specialist.name),
    specialty: booking.specialist.specialty,
    progress,
    tone: toneOf(booking.currentProgress),
    detailsNeeded: booking.detailsNeeded,
    phone: phoneOf(booking.examinee.phone),
    referrer: booking.createdBy?.name ?? 'Not assigned',
    organization: isStaff(viewer) ? (booking.organization?.name ?? null) : null,
    marks,
    isNew: marks.some(({ isNew }) => isNew),
    showsProgress: !marks.some(({ words }) => words === progress),
    actions: actionsOf(booking, list, now),
  };
}

interface RowTimes {
  /** ISO. */
  startsAt: string;
  /** `Tue 1 Dec` */
  day: string;
  year: string;
  time: string;
  /** `AEDT` */
  zone: string;
}

const timesOf = remembered((ms: number, timezone: string): Readonly<RowTimes> => {
  const at = new Date(ms);
  const whole = shortDay(at, timezone);
  const [, day = whole, year = ''] = /^(.*) (\d+)$/.exec(whole) ?? [];
  return {
    startsAt: at.toISOString(),
    day,
    year,
    time: clockTime(at, timezone),
    zone: shortZone(timezone, at),
  };
});

function actionsOf(booking: ListedBooking, list: string, now: Date): RowAction[] {
  const { id } = booking;
  const actions: [boolean, RowAction][] = [
    [
      mayChange(booking, 'rescheduled'),
      { text: 'Reschedule', href: withBack(paths.bookingReschedule(id), list) },
    ],
    [
      booking.status !== 'cancelled',
      { text: 'Add documents', href: `${withBack(paths.booking(id), list)}#documents` },
    ],
    [
      mayAddToCalendar(booking, now),
      { text: 'Add to calendar', href: paths.bookingCalendar(id), isFile: true },
    ],
    [mayChange(booking, 'cancelled'), { text: 'Cancel', href: withBack(paths.bookingCancel(id), list) }],
  ];
  return actions.filter(([isOffered]) => isOffered).map(([, action]) => action);
}

const phone = details.find(({ column }) => column === 'examinee_phone');

const phoneOf = remembered((stored: string): ListRow['phone'] => {
  const text = phone && stored ? detailWords(phone, stored) : '';
  // Text that could not be read as a number cannot be called.
  const href = /^\+\d+(;ext=\d+)?$/.test(stored) ? `tel:${stored}` : '';
  return text && href ? { text: text.replaceAll(' ', '\u00a0'), href } : null;
});
