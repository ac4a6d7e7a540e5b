// What a mail is: a row of the outbox, and what its words are made of.
import type { AccountMailKind, LinkKind } from '../accounts/index.ts';
import { bookingMailKinds, type BookingMailKind } from '../bookings/index.ts';
import type { Mail } from '../ports/mailer.ts';

export const accountMailKinds = [
  'account_invitation',
  'password_reset',
  'password_changed',
  'email_change',
  'email_changed',
  'two_factor_changed',
] as const satisfies AccountMailKind[];
export const staffMailKinds = ['drift_report', 'webhooks_repaired', 'unassigned_bookings'] as const;
/** To the person examined. */
export const examineeMailKinds = ['examinee_reminder'] as const;
/** Every kind but those about an account. */
export const workMailKinds: readonly string[] = [
  ...bookingMailKinds,
  ...examineeMailKinds,
  ...staffMailKinds,
];

export const emailStatuses = ['queued', 'sent', 'failed', 'withheld'] as const;

/** Absolute addresses of pages. */
export interface Links {
  booking(id: string): string;
  attempt(attemptId: string): string;
  newBooking(): string;
  /** With its secret part: only ever in a mail. */
  accountLink(kind: LinkKind, id: string): string;
  account(): string;
  console(): string;
  bookingsWithoutReferrer(): string;
  mailPreferences(): string;
}

interface EmailFacts {
  id: string;
  /** The address; of one that was sent, the one it went to. */
  recipient: string;
  recipient_id: string | null;
  booking_id: string | null;
  intention_id: string | null;
  account_link_id: string | null;
  document_id: string | null;
  previous_starts_at: Date | null;
  attempts: number;
  created_at: Date;
}
type DocumentMailKind = Extract<BookingMailKind, 'document_added' | 'report_ready'>;
export type DocumentEmail = EmailFacts & { kind: DocumentMailKind };
/** About the examination itself. */
export type ExaminationEmail = EmailFacts & { kind: Exclude<BookingMailKind, DocumentMailKind> };
export type BookingEmail = DocumentEmail | ExaminationEmail;
export type ExamineeEmail = EmailFacts & { kind: (typeof examineeMailKinds)[number] };
export type AccountEmail = EmailFacts & { kind: AccountMailKind };
/** To staff of the agency. */
export type StaffEmail = EmailFacts & {
  kind: (typeof staffMailKinds)[number];
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
  /** Left out where there is no page to go to. */
  action?: { label: string; href: string };
  /** Why this came, and what to mind. */
  footer: string;
  /** Where the recipient chooses which messages to get; of messages that may be stopped. */
  preferences?: string;
  calendar?: Mail['calendar'];
}
