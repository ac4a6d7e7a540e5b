import type { Request, Response } from 'express';
import { isStaff, type Viewer } from '../../../accounts/index.ts';
import { canMove, hasEnded, isPlanned, type Booking, type BookingView } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, type FieldProblem } from '../../problem.ts';
import { wantsFragment } from '../../respond.ts';
import { documentParts, documentsSection, type DocumentsSection } from '../documents/documents-section.ts';
import type { PageServices } from '../page-services.ts';
import { progressWords, statusWords } from '../../view-helpers.ts';
import type { PageData } from '../../views.ts';
import { offerWords, type OfferWords } from '../wait-list/offer-words.ts';
import type { MessagesInView } from '../../../messages/index.ts';
import { shortDay } from '../when.ts';
import { contactFacts } from './contacts.page.ts';
import { listOf } from './back-to-list.ts';
import { answerGroups, type AnswerGroup } from './answer-words.ts';
import { messagesSection, type MessagesSection, type TypedMessage } from './messages-section.ts';
import { nextStep, type NextStep } from './next-step.ts';
import {
  appointmentFacts,
  caseFacts,
  examineeFacts,
  timelineOf,
  titleParts,
  toneOf,
  type BookingFact,
  type TimelineEntry,
  type Tone,
} from './booking-words.ts';

/** The parts of the page that an open page polls every few seconds. */
export interface BookingStatus {
  title: string;
  titleParts: string[];
  booking: Booking;
  next: NextStep;
  /** When the booking last changed. */
  seen: string;
  tone: Tone;
  progressLabel: string;
  /** The status, if it says more than the progress. */
  statusLabel: string | null;
  sections: { id: string; title: string; rows: BookingFact[] }[];
  /** Answers to Acuity's own questions, grouped by form. */
  answers: AnswerGroup[];
  timeline: TimelineEntry[];
  mayReschedule: boolean;
  mayCancel: boolean;
  mayAddToCalendar: boolean;
  /** Null when the examination is over, or when the next step says the same. */
  instructionsHref: string | null;
  /** Only for staff. */
  consoleHref: string | null;
}

export interface BookingPage extends PageData, BookingStatus {
  /** Just booked: shows the reference and what happens next. */
  confirmed: boolean;
  notice: string | null;
  /** The list that the page was opened from, to add documents; null: another page. */
  list: string | null;
  documents: DocumentsSection;
  messages: MessagesSection;
  contacts: BookingFact[];
  waitList: BookingWaitList;
}

type Needs = Pick<PageServices, 'bookings' | 'documents' | 'messages' | 'waitList' | 'clock' | 'ids'>;

/** What a form on the page sent that was refused. */
interface Refused {
  errors?: FieldProblem[];
  /** The chosen category of an upload. */
  category?: string;
  typed?: TypedMessage;
}

/** Null: this viewer cannot ask for an earlier time of this booking. */
type BookingWaitList = {
  offers: OfferWords[];
  entry: { id: string; who: string | null; since: string } | null;
} | null;

export function showBookingPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: '/bookings/:id',
      access: 'session',
      handle: (req, res) => showBooking(services, req as Request<{ id: string }>, res),
    },
    {
      method: 'get',
      path: '/bookings/:id/status',
      access: 'session',
      isPolled: true,
      handle: (req, res) => showStatus(services, req as Request<{ id: string }>, res),
    },
  ];
}

export async function showBooking(
  services: Needs,
  req: Request<{ id: string }>,
  res: Response,
  refused: Refused = {},
): Promise<void> {
  const actor = actorOf(req, res);
  const found = await services.bookings.view(actor, req.params.id, { parts: partsOf(services) });
  if (!found) throw notFound();
  const { booking } = found;
  const readerZone = readerZoneOf(req.headers.cookie);
  const documents = documentsSection(services.documents, actor.viewer, found, {
    zone: readerZone ?? booking.timezone,
    now: services.clock.now(),
    chosen: refused.category,
  });
  const zone = readerZone ?? booking.timezone;
  const typed = { isAnswered: req.query.answered !== undefined, ...refused.typed };
  const { section: messages, shown } = messagesSection(services, actor.viewer, found, zone, typed);
  await services.messages.markRead(actor.viewer, booking.id, shown);
  const page: BookingPage = {
    ...statusOf(found, documents, { viewer: actor.viewer, readerZone, now: services.clock.now() }),
    ...(refused.errors && { errors: refused.errors }),
    confirmed: req.query.confirmed !== undefined && booking.status === 'active',
    notice: noticeOf(req.query),
    list: listOf(req),
    contacts: contactFacts(booking.createdBy?.name ?? null, found.contacts),
    documents,
    messages,
    waitList: await waitListOf(services, actor.viewer, booking, readerZone),
  };
  res.render('bookings/show', page);
}

async function waitListOf(
  { waitList, clock }: Needs,
  viewer: Viewer,
  booking: Booking,
  readerZone: string | null,
): Promise<BookingWaitList> {
  const isFuture = booking.startsAt > clock.now();
  if (viewer.role !== 'referrer' || !isFuture || !mayChange(booking, 'rescheduled')) return null;
  const { entry, offer } = await waitList.ofBooking(viewer, booking.id);
  return {
    offers: offer ? [offerWords(offer, readerZone)] : [],
    entry: entry && {
      id: entry.id,
      who: entry.person.id === viewer.userId ? null : entry.person.name,
      since: shortDay(entry.createdAt, readerZone ?? booking.timezone),
    },
  };
}

/** The parts of other rooms that the page shows, read by the statement of the view. */
function partsOf({ documents, messages }: Needs) {
  return { ...documentParts(documents), ...messages.inView };
}

/** What has changed on an open page. */
export interface ChangedBooking extends BookingStatus {
  bookingChanged: boolean;
  documentsChanged: boolean;
  documents: DocumentsSection;
  /** Null: unchanged. */
  messages: MessagesSection | null;
}

/** Answers 204 while nothing has changed: the page stays as it is, and no view is recorded. */
async function showStatus(services: Needs, req: Request<{ id: string }>, res: Response): Promise<void> {
  const { bookings, documents, messages, clock } = services;
  const { id } = req.params;
  if (!wantsFragment(req)) return res.redirect(303, paths.booking(id));
  const actor = actorOf(req, res);
  const changedAt = await bookings.changedAt(actor, id);
  const bookingChanged = changedAt?.toISOString() !== req.query.seen;
  const documentsChanged =
    changedAt !== null &&
    req.query.documents !== undefined &&
    (await documents.listState(actor.viewer, id)) !== req.query.documents;
  const messagesChanged =
    changedAt !== null &&
    req.query.messages !== undefined &&
    (await messages.state(actor.viewer, id)) !== req.query.messages;
  if (changedAt && !bookingChanged && !documentsChanged && !messagesChanged)
    return void res.status(204).end();
  const found = changedAt && (await bookings.view(actor, id, { isOpened: false, parts: partsOf(services) }));
  // The viewer may not see the booking any more: reloading the page removes it from the screen.
  if (!found) return void res.status(404).set('HX-Redirect', paths.booking(id)).end();
  const readerZone = readerZoneOf(req.headers.cookie);
  const { booking } = found;
  const section = documentsSection(documents, actor.viewer, found, {
    zone: readerZone ?? booking.timezone,
    now: clock.now(),
  });
  const changed: ChangedBooking = {
    ...statusOf(found, section, { viewer: actor.viewer, readerZone, now: clock.now() }),
    bookingChanged,
    documentsChanged,
    documents: section,
    messages: messagesChanged
      ? messagesSection(services, actor.viewer, found, readerZone ?? booking.timezone).section
      : null,
  };
  res.render('bookings/_status', changed);
}

function statusOf(
  {
    booking,
    progress,
    answers,
    answerChanges,
    madeInAcuityBy,
    messages,
  }: BookingView & { messages: MessagesInView },
  documents: DocumentsSection,
  { viewer, readerZone, now }: { viewer: Viewer; readerZone: string | null; now: Date },
): BookingStatus {
  const parts = titleParts(booking, { now, readerZone });
  // The newest comes first.
  const unanswered = messages.messages.find(({ isFromStaff, answeredAt }) => !isFromStaff && !answeredAt);
  const next = nextStep(booking, documents, viewer, now, unanswered?.createdAt ?? null);
  const instructions = paths.bookingInstructions(booking.id);
  const isShownAsNext = next.action !== null && 'href' in next.action && next.action.href === instructions;
  return {
    title: parts.join(' · '),
    titleParts: parts,
    booking,
    next,
    seen: booking.updatedAt.toISOString(),
    tone: toneOf(booking.currentProgress),
    progressLabel: progressWords[booking.currentProgress],
    statusLabel:
      booking.status === 'closed' || booking.status === 'archived' ? statusWords[booking.status] : null,
    sections: [
      { id: 'appointment', title: 'Appointment', rows: appointmentFacts(booking, readerZone) },
      { id: 'examinee', title: 'Examinee', rows: examineeFacts(booking) },
      { id: 'case', title: 'Case', rows: caseFacts(booking, viewer, madeInAcuityBy) },
    ],
    answers: answerGroups(answers),
    timeline: timelineOf(progress, answerChanges, {
      zone: readerZone ?? booking.timezone,
      ofExamination: booking.timezone,
    }),
    mayReschedule: mayChange(booking, 'rescheduled'),
    mayCancel: mayChange(booking, 'cancelled'),
    mayAddToCalendar: mayAddToCalendar(booking, now),
    instructionsHref: isPlanned(booking) && booking.startsAt > now && !isShownAsNext ? instructions : null,
    consoleHref: isStaff(viewer) ? paths.consoleBooking(booking.id) : null,
  };
}

function noticeOf(query: Request['query']): string | null {
  if (typeof query.uploaded === 'string') {
    const isOne = query.uploaded === '1';
    return isOne ? 'The document was stored.' : 'The documents were stored.';
  }
  if (typeof query.released === 'string') return releaseNotices[query.released] ?? null;
  if (typeof query.recalled === 'string') return recallNotices[query.recalled] ?? null;
  if (query.waiting !== undefined) return 'You are told by e-mail when an earlier time is free.';
  if (query.contacts !== undefined) return 'The contacts were saved.';
  if (query.category !== undefined) return 'The category was changed.';
  if (query.deleted !== undefined) return 'The document was deleted.';
  if (query.rescheduled !== undefined) return 'The booking was moved.';
  if (query.cancelled !== undefined) return 'The booking was cancelled, and its time is free for others.';
  return null;
}

const releaseNotices: Record<string, string> = {
  told: 'The report was released. The people you chose get an e-mail.',
  untold: 'The report was released. No e-mail was sent.',
  before: 'The report had been released already. No e-mail was sent.',
};
const recallNotices: Record<string, string> = {
  now: 'The report was recalled. The referrer no longer sees it.',
  before: 'The report is a draft already. The referrer does not see it.',
};

/** Whether to offer the calendar file. */
export function mayAddToCalendar(
  booking: Pick<Booking, 'status' | 'startsAt' | 'durationMinutes'>,
  now: Date,
): boolean {
  return booking.status !== 'cancelled' && !hasEnded(booking, now);
}

/** Whether to offer the change on the page. */
export function mayChange(
  booking: Pick<Booking, 'status' | 'currentProgress'>,
  change: 'rescheduled' | 'cancelled',
): boolean {
  return booking.status === 'active' && canMove(booking, change);
}
