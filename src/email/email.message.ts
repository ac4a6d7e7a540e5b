// Composes a message when it is sent, from the current state of its booking.
import path from 'node:path';
import ejs from 'ejs';
import type { Queryable } from '../db/knex.ts';
import type { Mail } from '../ports/mailer.ts';
import { accountMessage, isAboutAccount } from './email.account.ts';
import { actingSentence } from './email.acting.ts';
import { documentMessage, isAboutDocument } from './email.documents.ts';
import { examinationMessage } from './email.examination.ts';
import { examineeMessage, isToExaminee } from './email.examinee.ts';
import { isForStaff, staffMessage } from './email.staff.ts';
import { isStoppable } from './email.preferences.ts';
import type { BookingEmail, EmailRow, Links, Message } from './email.ts';

/** Everything of a mail except its Message-ID. */
export async function composeMail(
  db: Queryable,
  email: EmailRow,
  links: Links,
): Promise<Omit<Mail, 'messageId'>> {
  const message = await messageOf(db, email, links);
  const [html, text] = await Promise.all([render('message.html', message), render('message.text', message)]);
  return {
    to: email.recipient,
    subject: message.subject,
    html,
    text,
    ...(message.calendar && { calendar: message.calendar }),
  };
}

async function messageOf(db: Queryable, email: EmailRow, links: Links): Promise<Message> {
  if (isAboutAccount(email)) return accountMessage(db, email, links);
  if (isToExaminee(email)) return examineeMessage(db, email);
  const message = isForStaff(email)
    ? await staffMessage(db, email, links)
    : await messageAboutBooking(db, email, links);
  return isStoppable(email.kind) ? { ...message, preferences: links.mailPreferences() } : message;
}

async function messageAboutBooking(db: Queryable, email: BookingEmail, links: Links): Promise<Message> {
  const doneBy = await actingSentence(db, email);
  if (isAboutDocument(email)) return documentMessage(db, email, doneBy, links);
  const message = await examinationMessage(db, email, links);
  const paragraphs = doneBy ? [...message.paragraphs, doneBy] : message.paragraphs;
  return { ...message, paragraphs, footer: bookingFooter };
}

const directory = path.resolve(import.meta.dirname, '../../views/emails');

function render(template: string, message: Message): Promise<string> {
  const data = { ...message, action: message.action ?? null, preferences: message.preferences ?? null };
  return ejs.renderFile(path.join(directory, `${template}.ejs`), data, { cache: true });
}

const bookingFooter =
  'This message was sent to you because you are a contact of this examination. It may contain health information: share it only with people who need it.';
