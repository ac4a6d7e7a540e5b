// An e-mail: a row of the outbox, and the parts of its text.
import type { LinkKind } from '../accounts/index.ts';
import type { MailSender } from '../lib/mail-sender.ts';
import {
  mailKinds,
  type AccountMailKind,
  type DigestMailKind,
  type DocumentMailKind,
  type ExaminationMailKind,
  type ExamineeMailKind,
  type MailKindName,
  type MessageMailKind,
  type OfferMailKind,
  type StaffMailKind,
} from '../mail-kinds/index.ts';
import type { Mail } from '../ports/mailer.ts';

export const emailStatuses = ['queued', 'for_digest', 'sent', 'failed', 'withheld'] as const;

/** A SQL condition. Delivery is tried for three days; after five attempts staff are told, before it is given up. */
export const isStuck = (alias: string): string => `(${alias}.status = 'queued' and ${alias}.attempts >= 5)`;

/** A SQL condition on an account mail: a link requested again is a new mail; the old one then needs nothing. */
export const isUndelivered = (alias: string): string =>
  `((${alias}.status = 'failed' or ${isStuck(alias)}) and not exists (select from emails n where n.status = 'sent'
    and n.recipient = ${alias}.recipient and n.kind = ${alias}.kind and n.created_at > ${alias}.created_at))`;

/** Absolute URLs of pages. */
export interface Links {
  booking(id: string): string;
  attempt(attemptId: string): string;
  newBooking(): string;
  waitList(): string;
  /** Contains the secret token, so it is only ever put into a mail. */
  accountLink(kind: LinkKind, id: string): string;
  account(): string;
  console(): string;
  bookingsWithoutReferrer(): string;
  home(): string;
  mailPreferences(): string;
  /** Stops this kind for this person without a session: put only into their own mails. */
  stopMails(userId: string, kind: MailKindName): string;
  /** Whom calendar files name: the sender of our mails. */
  organizer: MailSender;
}

interface EmailFacts {
  id: string;
  /** The address; of a sent message, the one that it went to. */
  recipient: string;
  recipient_id: string | null;
  booking_id: string | null;
  attempt_id: string | null;
  account_link_id: string | null;
  document_id: string | null;
  previous_starts_at: Date | null;
  attempts: number;
  created_at: Date;
}
export type DocumentEmail = EmailFacts & { kind: DocumentMailKind };
export type ExaminationEmail = EmailFacts & { kind: ExaminationMailKind };
export type MessageEmail = EmailFacts & { kind: MessageMailKind };
export type BookingEmail = DocumentEmail | ExaminationEmail | MessageEmail;
export type DigestEmail = EmailFacts & { kind: DigestMailKind };
export type OfferEmail = EmailFacts & { kind: OfferMailKind; wait_offer_id: string | null };
export type ExamineeEmail = EmailFacts & { kind: ExamineeMailKind };
export type AccountEmail = EmailFacts & { kind: AccountMailKind };
export type StaffEmail = EmailFacts & {
  kind: StaffMailKind;
  drift_report_id: string | null;
  digest_id: string | null;
};
export type EmailRow = BookingEmail | OfferEmail | DigestEmail | ExamineeEmail | AccountEmail | StaffEmail;

export function isDigest(email: EmailRow): email is DigestEmail {
  return mailKinds[email.kind].about === 'digest';
}

/** A row of the table of facts; a fact with `href` is a link. */
export interface Fact {
  label: string;
  value: string;
  href?: string;
}

/** A line of a list, with the page that it leads to. */
export interface MessageEntry {
  text: string;
  note?: string;
  href: string;
}

export interface Message {
  subject: string;
  heading: string;
  paragraphs: string[];
  facts: Fact[];
  /** Lists below the facts. */
  sections?: { heading: string; entries: MessageEntry[] }[];
  /** Absent when there is no page to open. */
  action?: { label: string; href: string };
  /** Why the recipient gets this message, and what to keep in mind. */
  footer: string;
  /** The page where the recipient switches kinds off; absent for messages that are always sent. */
  preferences?: string;
  /** The address that stops this kind. */
  stop?: string;
  calendars?: Mail['calendars'];
}
