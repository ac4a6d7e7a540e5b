// How what was done in a referrer's name reads on paper: no codes, no numbers of records.
import type { EpisodeStep } from '../../../impersonation/index.ts';
import { uuidShape } from '../../../lib/uuid.ts';
import { progressWords } from '../../view-helpers.ts';

const actions: Record<string, string> = {
  'impersonation.started': 'Began to act',
  'impersonation.ended': 'Ceased to act',
  'booking.created': progressWords.scheduled,
  'booking.viewed': 'Booking looked at',
  'booking.rescheduled': progressWords.rescheduled,
  'booking.cancelled': progressWords.cancelled,
  'booking.progressed': 'Progress moved on',
  'booking.edited': 'Details changed',
  'document.uploaded': 'Document added',
  'document.downloaded': 'Document opened',
  'document.deleted': 'Document deleted',
  'document.refused': 'Document not taken',
  'record.changed': 'Changed',
  'access.denied': 'Asked for what is not theirs',
};

/** By address, with `:id` for every number in it. */
const pages: Record<string, string> = {
  '/': 'Start page',
  '/specialists': 'Specialists',
  '/specialists/:id/availability': 'Free times',
  '/specialists/:id/questions': 'Questions of the booking',
  '/bookings': 'List of bookings',
  '/bookings/new': 'New booking: specialist',
  '/bookings/new/:id/time': 'New booking: time',
  '/bookings/new/:id/examinee': 'New booking: examinee',
  '/bookings/new/:id/check': 'New booking: check',
  '/bookings/attempts/:id': 'Whether it was booked',
  '/bookings/:id': 'Booking',
  '/bookings/:id/status': 'Booking, as it changed',
  '/bookings/:id/calendar.ics': 'Booking, for the calendar',
  '/bookings/:id/reschedule': 'Booking: another time',
  '/bookings/:id/cancel': 'Booking: cancel',
  '/bookings/:id/contacts': 'Booking: contacts',
  '/bookings/:id/documents': 'Documents',
  '/documents/:id': 'Document',
  '/documents/:id/view': 'Document, in the browser',
  '/documents/:id/receipt': 'Receipt of a document',
  '/documents/:id/delete': 'Document: delete',
};

const outcomes: Record<string, string> = {
  success: 'Done',
  failure: 'Did not work',
  denied: 'Refused',
  pending: 'Not known yet',
};

/** `Page: Booking`, `Rescheduled`. One without words stands by its address or its code. */
export function whatWords({ action, resourceId }: EpisodeStep): string {
  if (action !== 'page.seen') return actions[action] ?? action.replaceAll(/[._]/g, ' ');
  return `Page: ${pageWords(resourceId ?? '') ?? resourceId}`;
}

const idInPath = new RegExp(`/(${uuidShape}|:\\w+)`, 'gi');

export function pageWords(path: string): string | undefined {
  return pages[path.replaceAll(idInPath, '/:id')];
}

export function outcomeWords({ action, outcome, isLate }: EpisodeStep): string {
  if (action === 'page.seen') return 'Seen';
  const words = outcomes[outcome] ?? outcome;
  return isLate ? `${words}, settled after the end` : words;
}
