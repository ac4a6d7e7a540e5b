// The texts of e-mails about documents. They tell that there is a document and where, without file name, person or health
// information.
import type { Viewer } from '../accounts/index.ts';
import { findBooking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { documentsOf, findDocument, maySeeDocument, visibilityFor } from '../documents/index.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import type { BookingEmail, DocumentEmail, Links, Message } from './email.ts';

export function isAboutDocument(email: BookingEmail): email is DocumentEmail {
  return mailKinds[email.kind].about === 'document';
}

/**
 * Whether a message about documents is still true for a reader who may see the booking. Since it was written, a report
 * may have been recalled or deleted, and an added document deleted or found infected.
 */
export async function isStillTrue(db: Queryable, viewer: Viewer, email: DocumentEmail): Promise<boolean> {
  return email.kind === 'report_ready'
    ? isReleaseCurrent(db, viewer, email)
    : hasNewDocument(db, viewer, email);
}

/** Matches a message with its release by their time: one transaction wrote both. A later release has its own message. */
async function isReleaseCurrent(db: Queryable, viewer: Viewer, email: DocumentEmail): Promise<boolean> {
  const document = email.document_id ? await findDocument(db, email.document_id) : null;
  if (!document?.releasedAt || !maySeeDocument(viewer, document)) return false;
  return document.status !== 'infected' && document.releasedAt <= email.created_at;
}

/** A message names a document if that was added earlier and a new category shows it. Otherwise it tells of new ones. */
async function hasNewDocument(db: Queryable, viewer: Viewer, email: DocumentEmail): Promise<boolean> {
  const documents = email.booking_id ? await documentsOf(db, email.booking_id, visibilityFor(viewer)) : [];
  return documents.some(
    ({ id, createdAt, status, uploadedBy, uploadedFor }) =>
      (email.document_id ? id === email.document_id : createdAt >= email.created_at) &&
      status !== 'infected' &&
      (uploadedBy.id !== viewer.userId || uploadedFor !== null),
  );
}

const texts = {
  document_added: {
    subject: 'Document added',
    heading: 'A document was added to your booking',
    sentence: 'A new document is available for this booking. Sign in to see it.',
  },
  report_ready: {
    subject: 'Report ready',
    heading: 'A report is ready',
    sentence: 'The report on this examination is ready. Sign in to download it.',
  },
} as const;

export async function documentMessage(
  db: Queryable,
  email: DocumentEmail,
  doneBy: string | null,
  links: Links,
): Promise<Message> {
  const booking = email.booking_id ? await findBooking(db, email.booking_id) : null;
  if (!booking) throw new Error(`Message ${email.id} has no booking`);
  const { subject, heading, sentence } = texts[email.kind];
  return {
    subject: `${subject}: ${booking.reference}`,
    heading,
    paragraphs: doneBy ? [sentence, doneBy] : [sentence],
    facts: [{ label: 'Reference', value: booking.reference }],
    action: { label: 'See the booking', href: links.booking(booking.id) },
    footer: 'This message was sent to you because you are a contact of this booking.',
  };
}
