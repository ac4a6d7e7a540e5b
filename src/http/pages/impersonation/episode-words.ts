// Labels for the steps of an episode: no action codes, no record ids.
import type { EpisodeStep } from '../../../impersonation/index.ts';
import { uuidShape } from '../../../lib/uuid.ts';
import { progressWords } from '../../view-helpers.ts';

const actions: Record<string, string> = {
  'impersonation.started': 'Started acting',
  'impersonation.ended': 'Stopped acting',
  'booking.created': progressWords.scheduled,
  'booking.viewed': 'Booking viewed',
  'booking.rescheduled': progressWords.rescheduled,
  'booking.cancelled': progressWords.cancelled,
  'booking.progressed': 'Progress updated',
  'booking.edited': 'Details changed',
  'instructions.sent': 'Instructions sent to the examinee',
  'message.sent': 'Message written',
  'document.uploaded': 'Document added',
  'document.downloaded': 'Document opened',
  'document.deleted': 'Document deleted',
  'document.refused': 'Document refused',
  'record.changed': 'Changed',
  'access.denied': 'Access refused',
};

/** By path, with `:id` for every id. */
const pages: Record<string, string> = {
  '/': 'Start page',
  '/specialists': 'Specialists',
  '/specialists/:id': 'Specialist',
  '/specialists/:id/photo': 'Specialist’s photo',
  '/specialists/:id/cv': 'Specialist’s CV',
  '/specialists/:id/files': 'Specialist’s files',
  '/specialists/first-free': 'First free of all',
  '/specialists/:id/availability': 'Free times',
  '/specialists/:id/questions': 'Booking questions',
  '/bookings': 'List of bookings',
  '/bookings/new': 'New booking: specialist',
  '/bookings/new/:id/time': 'New booking: time',
  '/bookings/new/:id/examinee': 'New booking: examinee',
  '/bookings/new/:id/check': 'New booking: check',
  '/bookings/attempts/:id': 'Booking attempt',
  '/bookings/:id': 'Booking',
  '/bookings/:id/status': 'Booking, live status',
  '/bookings/export.csv': 'List of bookings, as a table',
  '/bookings/:id/calendar.ics': 'Booking, calendar file',
  '/bookings/:id/reschedule': 'Booking: another time',
  '/bookings/:id/cancel': 'Booking: cancel',
  '/bookings/:id/contacts': 'Booking: contacts',
  '/bookings/:id/instructions': 'Booking: instructions for the examinee',
  '/bookings/:id/messages': 'Booking: messages',
  '/bookings/:id/documents': 'Documents',
  '/bookings/:id/documents.zip': 'Documents, all as one file',
  '/calendar/:token/examinations.ics': 'A person’s calendar',
  '/documents/:id': 'Document',
  '/documents/:id/view': 'Document, in the browser',
  '/documents/:id/receipt': 'Receipt of a document',
  '/documents/:id/delete': 'Document: delete',
};

const outcomes: Record<string, string> = {
  success: 'Done',
  failure: 'Failed',
  denied: 'Refused',
  pending: 'Pending',
};

/** `Page: Booking`, `Rescheduled`. Without a label: the path or the action's code. */
export function stepWords({ action, resourceId }: EpisodeStep): string {
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
