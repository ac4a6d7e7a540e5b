// The rows of the list: what one acts on, and the actions, which lead back to the list as it was.
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import { details, hasEnded, type ListedBooking, type Need } from '../../../bookings/index.ts';
import { remembered } from '../../../lib/remembered.ts';
import { shortZone } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import { withBack } from './back-to-list.ts';
import { bookingRow, type BookingRow } from './booking-words.ts';
import { detailWords } from './detail-words.ts';
import { needMarks, type NeedMark } from './need-words.ts';
import { mayChange } from './show.page.ts';

export interface RowAction {
  text: string;
  href: string;
  isFile?: true;
}

export interface ListRow extends BookingRow {
  /** `day` is without it; a phone leaves out the present one. */
  year: string;
  isThisYear: boolean;
  /** `AEDT` */
  zone: string;
  phone: { text: string; href: string } | null;
  referrer: string;
  organization: string | null;
  /** What of it needs the viewer. */
  marks: NeedMark[];
  isNew: boolean;
  /** Not shown where a mark says the same. */
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
  const row = bookingRow(booking);
  const [, day = row.day, year = ''] = /^(.*) (\d+)$/.exec(row.day) ?? [];
  const marks = needMarks(booking, needs.get(booking.id) ?? [], now);
  return {
    ...row,
    day,
    year,
    isThisYear: year === String(now.getUTCFullYear()),
    zone: shortZone(booking.timezone, booking.startsAt),
    phone: phoneOf(booking.examinee.phone),
    referrer: booking.createdBy?.name ?? 'Not assigned',
    organization: isStaff(viewer) ? (booking.organization?.name ?? null) : null,
    marks,
    isNew: marks.some(({ isNew }) => isNew),
    showsProgress: !marks.some(({ words }) => words === row.progress),
    actions: actionsOf(booking, list, now),
  };
}

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
      booking.status !== 'cancelled' && !hasEnded(booking, now),
      { text: 'Add to calendar', href: paths.bookingCalendar(id), isFile: true },
    ],
    [mayChange(booking, 'cancelled'), { text: 'Cancel', href: withBack(paths.bookingCancel(id), list) }],
  ];
  return actions.filter(([isOffered]) => isOffered).map(([, action]) => action);
}

const phone = details.find(({ column }) => column === 'examinee_phone');

const phoneOf = remembered((stored: string): ListRow['phone'] => {
  const text = phone && stored ? detailWords(phone, stored) : '';
  // What could not be read as a number is text: nothing to call.
  const href = /^\+\d+(;ext=\d+)?$/.test(stored) ? `tel:${stored}` : '';
  return text && href ? { text: text.replaceAll(' ', '\u00a0'), href } : null;
});
