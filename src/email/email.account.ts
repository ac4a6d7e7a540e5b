// The texts of e-mails about an account. They never hold anything about a booking.
import { findLink, linkHours, type AccountLink } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import type { AccountEmail, EmailRow, Links, Message } from './email.ts';

export function isAboutAccount(email: EmailRow): email is AccountEmail {
  return mailKinds[email.kind].about === 'account';
}

export async function accountMessage(db: Queryable, email: AccountEmail, links: Links): Promise<Message> {
  const link = email.account_link_id ? await findLink(db, email.account_link_id) : null;
  switch (email.kind) {
    case 'account_invitation':
      return invitation(requireLink(link, email), links);
    case 'password_reset':
      return passwordReset(requireLink(link, email), links);
    case 'email_change':
      return emailChange(requireLink(link, email), links);
    case 'password_changed':
    case 'email_changed':
    case 'two_factor_changed':
      break;
  }
  return notice(email.kind, links);
}

function requireLink(link: AccountLink | null, email: AccountEmail): AccountLink {
  if (!link) throw new Error(`Message ${email.id} has no link`);
  return link;
}

const linkWarning =
  'Do not share this link: it works once, for whoever opens it. Examdesk never asks for your password by e-mail or phone.';

function invitation(link: AccountLink, links: Links): Message {
  const host = link.invitedBy?.name ?? 'The agency';
  const where = link.organization ? ` as part of ${link.organization.name}` : ' as staff';
  return {
    subject: 'Your invitation to Examdesk',
    heading: link.name ? `Welcome to Examdesk, ${link.name}` : 'Welcome to Examdesk',
    paragraphs: [
      `${host} invites you to Examdesk${where}. Examdesk arranges independent medical examinations.`,
      'Open the link to enter your name and choose a password.',
    ],
    facts: [
      { label: 'You sign in with', value: link.email },
      { label: 'The link works', value: `once, for ${linkHours.invitation / 24} days` },
    ],
    action: { label: 'Accept the invitation', href: links.accountLink('invitation', link.id) },
    footer: `${linkWarning} If you did not expect this message, you can ignore it.`,
  };
}

function passwordReset(link: AccountLink, links: Links): Message {
  return {
    subject: 'Choose a new password for Examdesk',
    heading: 'Choose a new password',
    paragraphs: [
      'We received a request for a new password for your Examdesk account. Your current password keeps working until you choose a new one.',
    ],
    facts: [{ label: 'The link works', value: 'once, for an hour' }],
    action: { label: 'Choose a password', href: links.accountLink('password_reset', link.id) },
    footer: `${linkWarning} If you did not make this request, you can ignore it.`,
  };
}

function emailChange(link: AccountLink, links: Links): Message {
  return {
    subject: 'Confirm your new e-mail address for Examdesk',
    heading: 'Confirm your new e-mail address',
    paragraphs: ['Confirm that this address is yours. From then on, use it to sign in.'],
    facts: [
      { label: 'New address', value: link.email },
      { label: 'The link works', value: `once, for ${linkHours.email_change} hours` },
    ],
    action: { label: 'Confirm the address', href: links.accountLink('email_change', link.id) },
    footer: `${linkWarning} If you did not expect this message, you can ignore it.`,
  };
}

const notices = {
  password_changed: {
    subject: 'Your Examdesk password was changed',
    sentence: 'The password of your account was changed, and your other devices were signed out.',
  },
  email_changed: {
    subject: 'Your Examdesk e-mail address was changed',
    sentence: 'The e-mail address of your account was changed. We no longer send mail to this address.',
  },
  two_factor_changed: {
    subject: 'Your Examdesk two-step sign-in was changed',
    sentence: 'Two-step sign-in for your account (codes from an app, or recovery codes) was changed.',
  },
} as const;

function notice(kind: keyof typeof notices, links: Links): Message {
  const { subject, sentence } = notices[kind];
  return {
    subject,
    heading: subject,
    paragraphs: [
      sentence,
      'If you made this change, you need not do anything. If you did not, call your contact at the agency immediately.',
    ],
    facts: [],
    action: { label: 'Open your account', href: links.account() },
    footer: 'This message was sent to you because you have an account with us.',
  };
}
