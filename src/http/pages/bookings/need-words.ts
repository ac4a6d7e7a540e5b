// The marks with which home and the rows of lists show what a booking needs from its referrer.
import {
  dueState,
  paperCategories,
  papersInWords,
  type Booking,
  type Need,
} from '../../../bookings/index.ts';
import { dayIn } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import type { Tone } from './booking-words.ts';

export interface NeedMark {
  /** `Report ready`, `Due Thu 26 Nov: consent form and brief` */
  words: string;
  /** For narrow rows: `Due Thu 26 Nov (2)`; null when the words are short. */
  shortWords: string | null;
  /** `3 business days left` */
  note: string | null;
  tone: Tone;
  /** The viewer has not seen it yet. */
  isNew: boolean;
  href: string;
}

/** Makes a mark of each need; documents that are due on the same day share one. */
export function needMarks(
  booking: Pick<Booking, 'id' | 'timezone'>,
  needs: readonly Need[],
  now: Date,
): NeedMark[] {
  if (needs.length === 0) return [];
  const news = needs.filter(({ dueOn }) => dueOn === null);
  const days = [...new Set(needs.flatMap(({ dueOn }) => dueOn ?? []))].toSorted();
  return [
    ...news.map((need) => ({
      words: need.words,
      shortWords: null,
      note: null,
      tone: need.tone,
      isNew: need.isNew,
      href: hrefOf(booking, need),
    })),
    ...days.map((dueOn) =>
      dueMark(
        booking,
        needs.filter((need) => need.dueOn === dueOn),
        dueOn,
        now,
      ),
    ),
  ];
}

function dueMark(booking: Pick<Booking, 'id' | 'timezone'>, due: Need[], dueOn: string, now: Date): NeedMark {
  const { words, left, isLate, isSoon } = dueState(dueOn, dayIn(now, booking.timezone));
  // The urgent part comes first.
  const when = `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
  const papers = paperCategories.filter((category) => due.some(({ kind }) => kind === category));
  return {
    words: `${when}: ${papersInWords(papers).toLowerCase()}`,
    shortWords: papers.length > 1 ? `${when} (${papers.length})` : null,
    note: left,
    tone: isLate ? 'danger' : isSoon ? 'warn' : 'info',
    isNew: false,
    href: hrefOf(booking, due[0]),
  };
}

function hrefOf({ id }: Pick<Booking, 'id'>, need: Pick<Need, 'part'> | undefined): string {
  return paths.booking(id) + (need?.part ? `#${need.part}` : '');
}
