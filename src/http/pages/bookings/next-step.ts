// The first thing on a booking's page: what comes next, in one sentence with its action.
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import { hasEnded, isPlanned, lackedDetails, type Booking, type Detail } from '../../../bookings/index.ts';
import { dayIn, shiftDays } from '../../../lib/dates.ts';
import { paths } from '../../paths.ts';
import type { DocumentsSection } from '../documents/documents-section.ts';
import { clockAndZone, dayAndClockInZone } from '../when.ts';
import type { Tone } from './booking-words.ts';

export interface NextStep {
  sentence: string;
  tone: Tone;
  action: NextAction | null;
}

export type NextAction =
  | { label: string; href: string; isDownload?: true }
  /** Sends the form `book-again` of the page. */
  | { label: string; booksAgain: true };

/** @param wroteAt when the referrer's side last wrote to the agency, which has not answered yet */
export function nextStep(
  booking: Booking,
  documents: DocumentsSection,
  viewer: Viewer,
  now: Date,
  wroteAt: Date | null,
): NextStep {
  const report = documents.rows.find(
    ({ category, isDraft, state }) => category === 'report' && !isDraft && !state,
  );
  if (report) {
    const action: NextAction = {
      label: 'Download the report',
      href: paths.document(report.id),
      isDownload: true,
    };
    return { sentence: 'The report is ready.', tone: 'ok', action };
  }
  if (isStaff(viewer)) {
    const forStaff = nextForStaff(booking, documents, now);
    if (forStaff) return forStaff;
  }
  const step = nextByProgress(booking, documents, viewer, now);
  return isStaff(viewer) ? step : withDetailsNeeded(step, booking, now, wroteAt);
}

function nextByProgress(booking: Booking, documents: DocumentsSection, viewer: Viewer, now: Date): NextStep {
  switch (booking.currentProgress) {
    case 'cancelled':
      return {
        sentence: 'This examination was cancelled.',
        tone: 'danger',
        action: isStaff(viewer) ? null : { label: 'Book it again', booksAgain: true },
      };
    case 'no_show':
      return {
        sentence: 'The examinee did not attend.',
        tone: 'warn',
        action: isStaff(viewer)
          ? null
          : { label: 'Choose another time', href: paths.bookingReschedule(booking.id) },
      };
    case 'scheduled':
    case 'rescheduled':
      return examinationAhead(booking, documents, now);
    case 'generating_report':
      return {
        sentence: 'The specialist is writing the report. You get an e-mail when it is ready.',
        tone: 'info',
        action: null,
      };
    case 'report_generated':
      return {
        sentence: 'The report is written. You get an e-mail when it is released.',
        tone: 'info',
        action: null,
      };
    case 'payment_received':
      break;
  }
  return { sentence: 'This case is complete.', tone: 'ok', action: null };
}

/** What a referrer must tell the agency, who alone can change details. */
function withDetailsNeeded(step: NextStep, booking: Booking, now: Date, wroteAt: Date | null): NextStep {
  const { currentProgress: progress, detailsNeeded, status } = booking;
  const isOver = progress === 'no_show' || progress === 'payment_received';
  if (!detailsNeeded || status !== 'active' || isOver) return step;
  const lacked = lackedDetails(booking);
  if (lacked.length === 0)
    return {
      ...step,
      sentence: `${step.sentence} We are checking its details. You do not need to do anything.`,
    };
  if (wroteAt) {
    const when = dayAndClockInZone(wroteAt, booking.timezone, now);
    const them = lacked.length > 1 ? 'them' : 'it';
    return {
      sentence: `${step.sentence} We need the examinee’s ${lackedWords(lacked)}. If your message of ${when} names ${them}, you do not need to do anything: we enter ${them}.`,
      tone: 'info',
      action: { label: 'Read the messages', href: '#messages' },
    };
  }
  return {
    sentence: `${step.sentence} We need the examinee’s ${lackedWords(lacked)} from you.`,
    tone: 'warn',
    action: { label: 'Send it in a message', href: '#messages' },
  };
}

/** `last name and phone number` */
function lackedWords(lacked: Detail[]): string {
  const words = lacked.map(({ label }) => (label === 'Phone' ? 'phone number' : label.toLowerCase()));
  return words.join(' and ');
}

function examinationAhead(booking: Booking, documents: DocumentsSection, now: Date): NextStep {
  if (hasEnded(booking, now)) {
    return {
      sentence: 'The time of the examination has passed. The report comes next.',
      tone: 'info',
      action: null,
    };
  }
  const { startsAt, timezone: zone } = booking;
  const today = dayIn(now, zone);
  const day = dayIn(startsAt, zone);
  const time = clockAndZone(startsAt, zone);
  const sentence =
    startsAt <= now
      ? 'The examination is taking place now.'
      : day === today
        ? `The examination is today at ${time}.`
        : day === shiftDays(today, 1)
          ? `The examination is tomorrow at ${time}.`
          : `The examination is on ${dayAndClockInZone(startsAt, zone, now)}.`;
  const action = uploadOf(documents) ?? {
    label: 'Instructions for the examinee',
    href: paths.bookingInstructions(booking.id),
  };
  return startsAt <= now
    ? { sentence, tone: 'brand', action: null }
    : { sentence: [sentence, missingOf(documents)].filter(Boolean).join(' '), tone: 'brand', action };
}

/** `Consent form due Thu 26 Nov, brief late (due Mon 23 Nov).`; null when nothing is missing. */
function missingOf({ papers }: DocumentsSection): string | null {
  const missing = papers.filter(({ isThere }) => !isThere);
  if (missing.length === 0) return null;
  const facts = missing.map(({ words, note, tone }, at) => {
    const fact = at === 0 ? words : words.charAt(0).toLowerCase() + words.slice(1);
    return tone === 'danger' && note ? `${fact} (${note})` : fact;
  });
  return `${facts.join(', ')}.`;
}

/** `Upload the consent form and the brief`, when they are late or nearly due. */
function uploadOf({ papers, upload }: DocumentsSection): NextAction | null {
  const urgent = papers.filter(({ isThere, tone }) => !isThere && tone !== 'info');
  if (urgent.length === 0 || !upload) return null;
  return {
    label: `Upload ${urgent.map(({ name }) => `the ${name.toLowerCase()}`).join(' and ')}`,
    href: '#documents',
  };
}

/** The next step for staff; null when it is the same as for the referrer. */
function nextForStaff(booking: Booking, { rows }: DocumentsSection, now: Date): NextStep | null {
  const record = paths.consoleBooking(booking.id);
  if (!booking.organization) {
    return {
      sentence: 'This booking needs a referrer.',
      tone: 'warn',
      action: { label: 'Assign it', href: record },
    };
  }
  if (booking.detailsNeeded && booking.status === 'active') {
    const lacked = lackedDetails(booking);
    return lacked.length > 0
      ? {
          sentence: `Details of this booking are missing: ${lackedWords(lacked)}.`,
          tone: 'warn',
          action: { label: 'Complete them', href: record },
        }
      : {
          sentence: 'Details of this booking need to be compared with the appointment in Acuity.',
          tone: 'warn',
          action: { label: 'Check them', href: record },
        };
  }
  const draft = rows.find(({ mayRelease }) => mayRelease);
  if (draft) {
    return {
      sentence: 'A report waits to be released.',
      tone: 'warn',
      action: { label: 'Release it', href: paths.documentRelease(draft.id) },
    };
  }
  if (isPlanned(booking) && hasEnded(booking, now)) {
    return {
      sentence: 'The time of the examination has passed. Record how it went.',
      tone: 'warn',
      action: { label: 'Record it', href: record },
    };
  }
  if (booking.currentProgress === 'generating_report' || booking.currentProgress === 'report_generated') {
    return {
      sentence: 'The report is due. Upload it here when it arrives.',
      tone: 'info',
      action: { label: 'Upload the report', href: '#documents' },
    };
  }
  return null;
}
