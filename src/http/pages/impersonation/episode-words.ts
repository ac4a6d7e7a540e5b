// Labels for the steps of an episode: no record ids.
import { auditActions, auditOutcomes } from '../../../audit/index.ts';
import type { EpisodeStep } from '../../../impersonation/index.ts';
import { uuidShape } from '../../../lib/uuid.ts';

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
  '/documents/:id/category': 'Document: change its category',
  '/documents/:id/delete': 'Document: delete',
};

/** `Page: Booking`, `Booking rescheduled`. A page without a label is named by its path. */
export function stepWords({ action, resourceId }: EpisodeStep): string {
  if (action !== 'page.seen') return auditActions[action];
  return `Page: ${pageWords(resourceId ?? '') ?? resourceId}`;
}

const idInPath = new RegExp(`/(${uuidShape}|:\\w+)`, 'gi');

export function pageWords(path: string): string | undefined {
  return pages[path.replaceAll(idInPath, '/:id')];
}

export function outcomeWords({ action, outcome, isLate }: EpisodeStep): string {
  if (action === 'page.seen') return 'Seen';
  const words = auditOutcomes[outcome];
  return isLate ? `${words}, settled after the end` : words;
}
