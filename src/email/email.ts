// An e-mail: a row of the outbox, and the parts of its text.
import type { LinkKind } from '../accounts/index.ts';
import type { MailSender } from '../lib/mail-sender.ts';
import type {
  AccountMailKind,
  DocumentMailKind,
  ExaminationMailKind,
  ExamineeMailKind,
  StaffMailKind,
} from '../mail-kinds/index.ts';
import type { Mail } from '../ports/mailer.ts';

export const emailStatuses = ['queued', 'sent', 'failed', 'withheld'] as const;

/** Absolute URLs of pages. */
export interface Links {
  booking(id: string): string;
  attempt(attemptId: string): string;
  newBooking(): string;
  /** Contains the secret token, so it is only ever put into a mail. */
  accountLink(kind: LinkKind, id: string): string;
  account(): string;
  console(): string;
  bookingsWithoutReferrer(): string;
  mailPreferences(): string;
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
export type BookingEmail = DocumentEmail | ExaminationEmail;
export type ExamineeEmail = EmailFacts & { kind: ExamineeMailKind };
export type AccountEmail = EmailFacts & { kind: AccountMailKind };
export type StaffEmail = EmailFacts & {
  kind: StaffMailKind;
  drift_report_id: string | null;
  digest_id: string | null;
};
export type EmailRow = BookingEmail | ExamineeEmail | AccountEmail | StaffEmail;

/** A row of the table of facts; a fact with `href` is a link. */
export interface Fact {
  label: string;
  value: string;
  href?: string;
}

export interface Message {
  subject: string;
  heading: string;
  paragraphs: string[];
  facts: Fact[];
  /** Absent when there is no page to open. */
  action?: { label: string; href: string };
  /** Why the recipient gets this message, and what to keep in mind. */
  footer: string;
  /** The page where the recipient switches kinds off; absent for messages that are always sent. */
  preferences?: string;
  calendar?: Mail['calendar'];
}
