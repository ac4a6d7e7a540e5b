import type { Request, Response } from 'express';
import type { Booking, Progress } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import { notFound, type FieldProblem } from '../../problem.ts';
import { documentsSection, type DocumentsSection } from '../documents/document-words.ts';
import type { PageServices } from '../page-services.ts';
import { progressWords, statusWords } from '../../view-helpers.ts';
import type { PageData } from '../../views.ts';
import {
  appointmentFacts,
  caseFacts,
  examineeFacts,
  timelineOf,
  toneOf,
  type BookingFact,
  type TimelineEntry,
  type Tone,
} from './booking-words.ts';

export interface BookingPage extends PageData {
  booking: Booking;
  /** Fresh from the journey: the reference to read out, and what happens next. */
  confirmed: boolean;
  notice: string | null;
  tone: Tone;
  progressLabel: string;
  /** Only where it says more than the progress does. */
  statusLabel: string | null;
  sections: { id: string; title: string; rows: BookingFact[] }[];
  timeline: TimelineEntry[];
  mayReschedule: boolean;
  mayCancel: boolean;
  documents: DocumentsSection;
}

type Needs = Pick<PageServices, 'bookings' | 'documents'>;

export function showBookingPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/:id',
      access: 'session',
      handle: (req, res) => showBooking(services, req as Request<{ id: string }>, res),
    },
  ];
}

/** @param upload what was wrong with an upload that has just been refused, and what was chosen with it */
export async function showBooking(
  services: Needs,
  req: Request<{ id: string }>,
  res: Response,
  upload: { errors?: FieldProblem[]; category?: string } = {},
): Promise<void> {
  const actor = actorOf(req, res);
  const found = await services.bookings.view(actor, req.params.id);
  if (!found) throw notFound();
  const { booking, progress } = found;
  const readerZone = readerZoneOf(req.headers.cookie);
  const page: BookingPage = {
    title: `Booking ${booking.reference}`,
    ...(upload.errors && { errors: upload.errors }),
    booking,
    confirmed: req.query.confirmed !== undefined && booking.status === 'active',
    notice: noticeOf(req.query),
    tone: toneOf(booking.currentProgress),
    progressLabel: progressWords[booking.currentProgress],
    statusLabel:
      booking.status === 'closed' || booking.status === 'archived' ? statusWords[booking.status] : null,
    sections: [
      { id: 'appointment', title: 'Appointment', rows: appointmentFacts(booking, readerZone) },
      { id: 'examinee', title: 'Examinee', rows: examineeFacts(booking) },
      { id: 'case', title: 'Case', rows: caseFacts(booking, actor.viewer) },
    ],
    timeline: timelineOf(progress, readerZone ?? booking.timezone),
    mayReschedule: may(booking, 'rescheduled'),
    mayCancel: may(booking, 'cancelled'),
    documents: await documentsSection(
      services.documents,
      actor.viewer,
      booking,
      readerZone ?? booking.timezone,
      upload.category,
    ),
  };
  res.render('bookings/show', page);
}

function noticeOf(query: Request['query']): string | null {
  if (typeof query.uploaded === 'string') {
    const isOne = query.uploaded === '1';
    return isOne ? 'The document was stored.' : 'The documents were stored.';
  }
  if (query.deleted !== undefined) return 'The document was deleted.';
  if (query.rescheduled !== undefined) return 'The booking was moved. An e-mail tells the new time.';
  if (query.cancelled !== undefined) return 'The booking was cancelled, and its time is free for others.';
  return null;
}

// Which buttons are worth showing; the bookings room decides.
const changeable: Record<'rescheduled' | 'cancelled', Progress[]> = {
  rescheduled: ['scheduled', 'rescheduled', 'no_show'],
  cancelled: ['scheduled', 'rescheduled', 'no_show', 'generating_report'],
};

export function may({ status, currentProgress }: Booking, change: 'rescheduled' | 'cancelled'): boolean {
  return status === 'active' && changeable[change].includes(currentProgress);
}
