// Every kind of e-mail, once. A new kind is an entry here, a row of `email_kinds` by a migration, and its text
// (src/email): the compiler asks for the text, and test/db/migrate.test.ts for the row.

export const deliveries = ['at_once', 'daily', 'off'] as const;
/** `daily`: in the recipient's daily digest. */
export type Delivery = (typeof deliveries)[number];

/** `requester`: whose request failed. `booker`: whose booking it is. `solicitor`, `report_recipient`: its contacts. */
export type BookingReader = 'requester' | 'booker' | 'solicitor' | 'report_recipient';

interface MailKind {
  /** What the e-mail is about, which decides whose rights are checked before it is sent. */
  about: 'booking' | 'document' | 'message' | 'offer' | 'digest' | 'examinee' | 'account' | 'staff';
  /** Its name in preferences, the digest and the console. */
  label: string;
  /** When it is sent, for people who choose its delivery. */
  hint: string;
  /** Who gets it. */
  to: readonly (BookingReader | 'examinee' | 'account' | 'support' | 'admins' | 'whoever_chose_it')[];
  /** The ways of delivery that a recipient may choose from. One only: it is always sent. */
  choices: readonly Delivery[];
  /** How it is delivered to people who have not chosen. */
  usual: Delivery;
  /** The recipient’s calendar follows it, also from the daily digest. */
  changesCalendar?: true;
}

const free = ['at_once', 'daily', 'off'] as const;
const always = ['at_once'] as const;

export const mailKinds = {
  booking_confirmation: {
    about: 'booking',
    label: 'Booked',
    hint: 'An examination is booked, with its calendar entry',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
    changesCalendar: true,
  },
  booking_rescheduled: {
    about: 'booking',
    label: 'Moved',
    hint: 'An examination has a new time or specialist',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
    changesCalendar: true,
  },
  booking_cancelled: {
    about: 'booking',
    label: 'Cancelled',
    hint: 'An examination will not take place',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
    changesCalendar: true,
  },
  booking_failed: {
    about: 'booking',
    label: 'Request failed',
    hint: 'A request to book, move or cancel was not carried out',
    // Only the person who asked has to decide what to do next; nothing changed for the others.
    to: ['requester'],
    choices: always,
    usual: 'at_once',
  },
  booking_no_show: {
    about: 'booking',
    label: 'Not attended',
    hint: 'The examinee did not attend',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
  },
  booking_reminder: {
    about: 'booking',
    label: 'Reminder',
    hint: 'Seven days and one day before an examination',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
  },
  paperwork_reminder: {
    about: 'booking',
    label: 'Missing documents',
    hint: 'Two business days before a consent form or brief is due, when it is missing',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
  },
  earlier_time_offered: {
    about: 'offer',
    label: 'Earlier time offered',
    hint: 'A time became free that you wait for; it is held for you for ten minutes',
    // They asked for it: leaving the wait-list ends it.
    to: ['requester'],
    choices: always,
    usual: 'at_once',
  },
  document_added: {
    about: 'document',
    label: 'Document added',
    hint: 'The agency added a document to a booking',
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
  },
  report_ready: {
    about: 'document',
    label: 'Report ready',
    hint: 'A report is ready to download',
    to: ['booker', 'solicitor', 'report_recipient'],
    choices: free,
    usual: 'at_once',
  },
  message_received: {
    about: 'message',
    label: 'Messages',
    hint: 'Somebody wrote to you about a booking; one e-mail, however many messages you have not read yet',
    // And the referrers who have written about it.
    to: ['booker', 'solicitor'],
    choices: free,
    usual: 'at_once',
  },
  daily_digest: {
    about: 'digest',
    label: 'Daily digest',
    hint: 'At 7 in the morning: what needs you, and what happened of the kinds that you want in it. None when there is nothing',
    to: ['whoever_chose_it'],
    choices: ['daily', 'off'],
    usual: 'daily',
  },
  examinee_reminder: {
    about: 'examinee',
    label: 'Reminder to the examinee',
    hint: 'Seven days and one day before an examination, where the organisation wants it',
    to: ['examinee'],
    choices: always,
    usual: 'at_once',
  },
  examinee_instructions: {
    about: 'examinee',
    label: 'Instructions to the examinee',
    hint: 'Sent by hand from the page of a booking',
    to: ['examinee'],
    choices: always,
    usual: 'at_once',
  },
  unassigned_bookings: {
    about: 'staff',
    label: 'Bookings without a referrer',
    hint: 'At most every 15 minutes, when a booking made in Acuity needs a referrer',
    to: ['support', 'admins'],
    choices: ['at_once', 'off'],
    usual: 'at_once',
  },
  messages_unanswered: {
    about: 'staff',
    label: 'Messages of referrers',
    hint: 'At most every 15 minutes, when a referrer wrote about a booking',
    to: ['support', 'admins'],
    choices: ['at_once', 'off'],
    usual: 'at_once',
  },
  drift_report: {
    about: 'staff',
    label: 'Differences from Acuity',
    hint: 'A reconciliation found differences',
    to: ['admins'],
    choices: always,
    usual: 'at_once',
  },
  webhooks_repaired: {
    about: 'staff',
    label: 'Connection to Acuity repaired',
    hint: 'Acuity had stopped reporting changes',
    to: ['admins'],
    choices: always,
    usual: 'at_once',
  },
  account_invitation: {
    about: 'account',
    label: 'Invitation',
    hint: 'Somebody is invited to Examdesk',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
  password_reset: {
    about: 'account',
    label: 'New password',
    hint: 'A new password was requested',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
  password_changed: {
    about: 'account',
    label: 'Password changed',
    hint: 'The password was changed',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
  email_change: {
    about: 'account',
    label: 'New e-mail address',
    hint: 'A new e-mail address is to be confirmed',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
  email_changed: {
    about: 'account',
    label: 'E-mail address changed',
    hint: 'The e-mail address was changed',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
  two_factor_changed: {
    about: 'account',
    label: 'Two-step sign-in changed',
    hint: 'Two-step sign-in was set up, changed or turned off',
    to: ['account'],
    choices: always,
    usual: 'at_once',
  },
} as const satisfies Record<string, MailKind>;

type Kinds = typeof mailKinds;
export type MailKindName = keyof Kinds;
type KindAbout<A extends MailKind['about']> = {
  [K in MailKindName]: Kinds[K]['about'] extends A ? K : never;
}[MailKindName];

/** About the examination itself. */
export type ExaminationMailKind = KindAbout<'booking'>;
export type DocumentMailKind = KindAbout<'document'>;
/** That there is a new message; the e-mail does not contain it. */
export type MessageMailKind = KindAbout<'message'>;
export type BookingMailKind = ExaminationMailKind | DocumentMailKind | MessageMailKind;
export type DigestMailKind = KindAbout<'digest'>;
/** About a time that is offered to somebody on the wait-list. */
export type OfferMailKind = KindAbout<'offer'>;
export type ExamineeMailKind = KindAbout<'examinee'>;
export type AccountMailKind = KindAbout<'account'>;
/** To staff of the agency. */
export type StaffMailKind = KindAbout<'staff'>;

export const mailKindNames = Object.keys(mailKinds) as MailKindName[];
export const accountMailKinds = mailKindNames.filter((kind) => mailKinds[kind].about === 'account');
/** Every kind except those about an account. */
export const workMailKinds = mailKindNames.filter((kind) => mailKinds[kind].about !== 'account');

export function changesCalendar(kind: MailKindName): boolean {
  return 'changesCalendar' in mailKinds[kind];
}

/** Null: no kind of e-mail has this name. */
export function mailKind(name: string): MailKind | null {
  return Object.hasOwn(mailKinds, name) ? mailKinds[name as MailKindName] : null;
}
