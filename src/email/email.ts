// What a mail is: a row of the outbox, and what its words are made of.
import type { AccountMailKind, LinkKind } from '../accounts/index.ts';
import type { Announcement } from '../bookings/index.ts';
import type { Mail } from '../ports/mailer.ts';

/** Absolute addresses of pages. */
export interface Links {
  booking(id: string): string;
  attempt(intentionId: string): string;
  newBooking(): string;
  /** With its secret part: only ever in a mail. */
  accountLink(kind: LinkKind, id: string): string;
  account(): string;
  console(): string;
}

interface EmailFacts {
  id: string;
  /** The address; of one that was sent, the one it went to. */
  recipient: string;
  recipient_id: string | null;
  booking_id: string | null;
  intention_id: string | null;
  account_link_id: string | null;
  attempts: number;
}
export type BookingEmail = EmailFacts & { kind: Announcement['kind'] };
export type AccountEmail = EmailFacts & { kind: AccountMailKind };
/** To the admins of the agency. */
export type StaffEmail = EmailFacts & {
  kind: 'drift_report' | 'webhooks_repaired';
  drift_report_id: string | null;
};
export type EmailRow = BookingEmail | AccountEmail | StaffEmail;

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
  action: { label: string; href: string };
  /** Why this came, and what to mind. */
  footer: string;
  calendar?: Mail['calendar'];
}
