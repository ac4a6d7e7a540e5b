// A message as it would be sent, and what sends it.
import pino from 'pino';
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Queryable } from '../../src/db/knex.ts';
import { createEmailSender, type EmailSender, type EmailSenderDeps } from '../../src/email/index.ts';
import { composeMail as compose } from '../../src/email/email.message.ts';
import { readerOf as reader } from '../../src/email/email.recipient.ts';
import type { EmailRow } from '../../src/email/email.ts';
import { nothingNeeded, testLinks } from './links.ts';

const now = () => systemClock.now();

export const composeMail = (db: Queryable, email: unknown) =>
  compose(db, email as EmailRow, testLinks, { now: now(), viewer: null, digest: null });
export const readerOf = (db: Queryable, email: unknown) => reader(db, email as EmailRow, now());

export function aSender(
  deps: Pick<EmailSenderDeps, 'db' | 'jobs' | 'mailer'> & Partial<EmailSenderDeps>,
): EmailSender {
  return createEmailSender({
    clock: systemClock,
    log: pino({ level: 'silent' }),
    links: testLinks,
    readNeeds: nothingNeeded,
    messageIdDomain: 'examdesk.example',
    ...deps,
  });
}
