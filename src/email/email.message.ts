// Composes a message when it is sent, from the current state of its booking.
import path from 'node:path';
import ejs from 'ejs';
import type { Viewer } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import type { Mail } from '../ports/mailer.ts';
import { accountMessage, isAboutAccount } from './email.account.ts';
import { digestMessage, type DigestContent } from './email.daily.ts';
import { actingSentence } from './email.acting.ts';
import { documentMessage, isAboutDocument } from './email.documents.ts';
import { examinationMessage } from './email.examination.ts';
import { examineeMessage, isToExaminee } from './email.examinee.ts';
import { isAboutMessage, messageNotice } from './email.messages.ts';
import { isAboutOffer, offerMessage } from './email.offers.ts';
import { isForStaff, staffMessage } from './email.staff.ts';
import { isStoppable } from './email.preferences.ts';
import { isDigest, type BookingEmail, type EmailRow, type Links, type Message } from './email.ts';

interface Reading {
  now: Date;
  /** Null: somebody without an account. */
  viewer: Viewer | null;
  /** The content of a daily digest; null for all other messages. */
  digest: DigestContent | null;
}

/** Everything of a mail except its Message-ID. */
export async function composeMail(
  db: Queryable,
  email: EmailRow,
  links: Links,
  to: Reading,
): Promise<Omit<Mail, 'messageId'>> {
  const message = await messageOf(db, email, links, to);
  const [html, text] = await Promise.all([render('message.html', message), render('message.text', message)]);
  return {
    to: email.recipient,
    subject: message.subject,
    html,
    text,
    ...(message.stop && { stopUrl: message.stop }),
    ...(message.calendars && { calendars: message.calendars }),
  };
}

async function messageOf(
  db: Queryable,
  email: EmailRow,
  links: Links,
  { now, viewer, digest }: Reading,
): Promise<Message> {
  const message = await plainMessageOf(db, email, links, { now, digest });
  if (!viewer || !isStoppable(email.kind)) return message;
  return {
    ...message,
    preferences: links.mailPreferences(),
    stop: links.stopMails(viewer.userId, email.kind),
  };
}

function plainMessageOf(
  db: Queryable,
  email: EmailRow,
  links: Links,
  { now, digest }: Omit<Reading, 'viewer'>,
): Promise<Message> {
  if (isAboutAccount(email)) return accountMessage(db, email, links);
  if (isToExaminee(email)) return examineeMessage(db, email);
  if (isAboutOffer(email)) return offerMessage(db, email, links);
  if (isForStaff(email)) return staffMessage(db, email, links, now);
  if (!isDigest(email)) return messageAboutBooking(db, email, links, now);
  if (!digest) throw new Error(`Message ${email.id} has no digest`);
  return digestMessage(db, digest, links, email.recipient);
}

async function messageAboutBooking(
  db: Queryable,
  email: BookingEmail,
  links: Links,
  now: Date,
): Promise<Message> {
  if (isAboutMessage(email)) return messageNotice(db, email, links);
  const doneBy = await actingSentence(db, email);
  if (isAboutDocument(email)) return documentMessage(db, email, doneBy, links);
  const message = await examinationMessage(db, email, links, now);
  const paragraphs = doneBy ? [...message.paragraphs, doneBy] : message.paragraphs;
  return { ...message, paragraphs, footer: bookingFooter };
}

const directory = path.resolve(import.meta.dirname, '../../views/emails');

function render(template: string, message: Message): Promise<string> {
  const data = {
    ...message,
    // Mail programs show it after the subject, also on locked screens.
    preheader: message.sections ? 'What needs you, and what happened' : (message.paragraphs[0] ?? ''),
    sections: message.sections ?? [],
    action: message.action ?? null,
    preferences: message.preferences ?? null,
    stop: message.stop ?? null,
  };
  return ejs.renderFile(path.join(directory, `${template}.ejs`), data, { cache: true });
}

const bookingFooter =
  'This message was sent to you because you are a contact of this examination. It may contain health information: share it only with people who need it.';
