import type { Logger } from 'pino';
import type { Database, Transaction } from '../db/knex.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Mail, Mailer } from '../ports/mailer.ts';
import { isToExaminee } from './email.examinee.ts';
import { sendEmailJob } from './email.jobs.ts';
import { composeMail } from './email.message.ts';
import { readerOf } from './email.recipient.ts';
import { refusalOf, type NotTaken } from './email.refusal.ts';
import type { EmailRow, Links } from './email.ts';

export interface EmailSenderDeps {
  db: Database;
  mailer: Mailer;
  jobs: JobQueue;
  log: Logger;
  links: Links;
  /** The part of the Message-ID after the @. */
  messageIdDomain: string;
  /** The first pause after a failure; it doubles up to five minutes. Milliseconds. */
  firstPauseMs?: number;
  /** A queued message nobody touched for so long is looked after by the sweep. Milliseconds. */
  sweepAfterMs?: number;
  /** For tests that end the process here. */
  onStep?: (step: string) => Promise<void> | void;
}

export interface EmailSender {
  /** Sends a queued message and marks it sent; when the mail server does not take it, tries again later. */
  send(emailId: string): Promise<void>;
  /** Gives a job to every queued message that lost its own; how many were looked after. */
  sweep(): Promise<number>;
}

// At five minutes a try: the better part of three days without a mail server.
const mostAttempts = 800;
const longestPauseMs = 300_000;

export function createEmailSender(deps: EmailSenderDeps): EmailSender {
  return {
    async send(emailId) {
      await deps.db.transaction(async (trx) => {
        // Held while it is being sent: nobody else sends it, and a worker that dies lets go of it.
        const email = (await trx('emails')
          .where({ id: emailId, status: 'queued' })
          .forUpdate()
          .skipLocked()
          .first()) as EmailRow | undefined;
        if (email) await sendLocked(deps, trx, email);
      });
    },

    async sweep() {
      const ids = (await deps
        .db('emails')
        .where('status', 'queued')
        .whereRaw(`updated_at < clock_timestamp() - ? * interval '1 millisecond'`, [
          deps.sweepAfterMs ?? 30_000,
        ])
        .orderBy('created_at')
        .limit(1000)
        .pluck('id')) as string[];
      for (const emailId of ids) {
        await deps.jobs.add(sendEmailJob, { emailId }, { key: `email:${emailId}`, keepRunAt: true });
      }
      return ids.length;
    },
  };
}

async function sendLocked(deps: EmailSenderDeps, trx: Transaction, email: EmailRow): Promise<void> {
  const reader = await readerOf(trx, email);
  if (reader.state !== 'may') return leave(deps, trx, email, reader.state);
  const recipient = reader.address;
  // The same for every try: a mail sent twice, because we died before writing it down, is known as one.
  const messageId = `<${email.id}@${deps.messageIdDomain}>`;
  const mail = { ...(await composeMail(trx, { ...email, recipient }, deps.links)), messageId };
  await deps.onStep?.('email_before_send');
  const refusal = await attempt(deps.mailer, mail);
  await deps.onStep?.('email_after_send');
  if (refusal === null) {
    await trx('emails')
      .where({ id: email.id })
      .update({
        status: 'sent',
        // An examinee's address is health information: the outbox never holds it.
        recipient: isToExaminee(email) ? email.recipient : recipient,
        attempts: email.attempts + 1,
        message_id: messageId,
        last_error: null,
        sent_at: trx.raw('clock_timestamp()'),
      });
    return;
  }
  await postpone(deps, trx, email, refusal);
}

async function leave(
  deps: EmailSenderDeps,
  trx: Transaction,
  { id }: EmailRow,
  why: 'may_not' | 'nobody',
): Promise<void> {
  const isNobody = why === 'nobody';
  await trx('emails')
    .where({ id })
    .update(
      isNobody
        ? { status: 'failed', last_error: 'unknown address' }
        : { status: 'withheld', last_error: null },
    );
  deps.log.warn(
    { emailId: id },
    isNobody
      ? 'An e-mail was not sent: nobody here has its address any more'
      : 'An e-mail was withheld: its recipient may not read it any more, or it is out of date',
  );
}

async function attempt(mailer: Mailer, mail: Mail): Promise<NotTaken | null> {
  try {
    await mailer.send(mail);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

async function postpone(
  deps: EmailSenderDeps,
  trx: Transaction,
  email: EmailRow,
  { error, isFinal }: NotTaken,
): Promise<void> {
  const attempts = email.attempts + 1;
  const isOver = isFinal || attempts >= mostAttempts;
  await trx('emails')
    .where({ id: email.id })
    .update({ attempts, last_error: error, status: isOver ? 'failed' : 'queued' });
  deps.log[isOver ? 'error' : 'warn']({ emailId: email.id, attempts, error }, 'An e-mail was not taken');
  if (isOver) return;
  const pauseMs = Math.min((deps.firstPauseMs ?? 2_000) * 2 ** Math.min(email.attempts, 20), longestPauseMs);
  await deps.jobs.add(
    sendEmailJob,
    { emailId: email.id },
    { trx, key: `email:${email.id}`, delayMs: pauseMs },
  );
}
