import type { Logger } from 'pino';
import type { Database, Transaction } from '../db/knex.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Mail, Mailer } from '../ports/mailer.ts';
import { isToExaminee } from './email.examinee.ts';
import { queueSending, sendEmailJob, sendKey } from './email.jobs.ts';
import { readDigest, type DigestContent, type ReadNeeds } from './email.daily.ts';
import { composeMail } from './email.message.ts';
import { deliveriesOf } from './email.preferences.ts';
import { readerOf } from './email.recipient.ts';
import { refusalOf, type Refusal } from './email.refusal.ts';
import { isDigest, type EmailRow, type Links } from './email.ts';

export interface EmailSenderDeps {
  db: Database;
  mailer: Mailer;
  jobs: JobQueue;
  clock: Clock;
  log: Logger;
  links: Links;
  /** What the daily digest begins with. */
  readNeeds: ReadNeeds;
  /** The domain of the Message-ID. */
  messageIdDomain: string;
  /** The first pause after a failure; doubles up to five minutes. Milliseconds. */
  firstPauseMs?: number;
  /** The sweep gives a new job to a queued message that was not touched for this long. Milliseconds. */
  sweepAfterMs?: number;
  /** Called at each step, so that a test can kill the process there. */
  onStep?: (step: string) => Promise<void> | void;
}

export interface EmailSender {
  /** Sends a queued message and marks it sent; retries later when the mail server does not accept it. */
  send(emailId: string): Promise<void>;
  /** Gives a new job to every queued message that lost its own; returns how many. */
  sweep(): Promise<number>;
}

// With one attempt every five minutes, messages wait for a mail server for more than two days.
const maxAttempts = 800;
const longestPauseMs = 300_000;

export function createEmailSender(deps: EmailSenderDeps): EmailSender {
  return {
    async send(emailId) {
      await deps.db.transaction(async (trx) => {
        // Locks the row while sending: nobody else sends it, and the lock of a worker that dies is released.
        const email = await trx('emails')
          .where({ id: emailId, status: 'queued' })
          .forUpdate()
          .skipLocked()
          .first<EmailRow | undefined>();
        if (email) await sendLocked(deps, trx, email);
      });
    },

    async sweep() {
      const ids = await deps
        .db('emails')
        .where('status', 'queued')
        .whereRaw(`updated_at < clock_timestamp() - ? * interval '1 millisecond'`, [
          deps.sweepAfterMs ?? 30_000,
        ])
        .orderBy('created_at')
        .limit(1000)
        .pluck('id');
      for (const emailId of ids) {
        await deps.jobs.add(sendEmailJob, { emailId }, { key: sendKey(emailId), keepRunAt: true });
      }
      return ids.length;
    },
  };
}

async function sendLocked(deps: EmailSenderDeps, trx: Transaction, email: EmailRow): Promise<void> {
  const now = deps.clock.now();
  const reader = await readerOf(trx, email, now);
  if (reader.state !== 'may') return leaveUnsent(deps, trx, email, reader.state);
  const { address: recipient, viewer } = reader;
  if (viewer) {
    const delivery = (await deliveriesOf(trx, email.kind, [viewer.userId])).get(viewer.userId);
    if (delivery === 'off') return leaveUnsent(deps, trx, email, 'switched_off');
    if (delivery === 'daily' && !isDigest(email)) {
      await trx('emails').where({ id: email.id }).update({ status: 'for_digest' });
      return;
    }
  }
  const digest =
    viewer && isDigest(email) ? await readDigest(trx, email, { viewer, now }, deps.readNeeds) : null;
  if (digest?.told.length === 0 && digest.needs.count === 0) return leaveUnsent(deps, trx, email, 'may_not');
  // The same for every attempt, so that mail programs recognise a mail that was sent twice because the process died
  // before it recorded the first.
  const messageId = `<${email.id}@${deps.messageIdDomain}>`;
  const composed = await composeMail(trx, { ...email, recipient }, deps.links, { now, viewer, digest });
  const mail = { ...composed, messageId };
  await deps.onStep?.('email_before_send');
  const refusal = await trySending(deps.mailer, mail);
  await deps.onStep?.('email_after_send');
  if (refusal === null) {
    await trx('emails')
      .where({ id: email.id })
      .update({
        status: 'sent',
        // The outbox never holds an examinee's address, which is health information.
        recipient: isToExaminee(email) ? email.recipient : recipient,
        attempts: email.attempts + 1,
        message_id: messageId,
        last_error: null,
        sent_at: trx.raw('clock_timestamp()'),
      });
    if (digest) await settleDigest(trx, digest, messageId);
    return;
  }
  await postpone(deps, trx, email, refusal);
}

/** When a digest was sent, marks the e-mails that it told as sent, and those that it dropped as withheld. */
async function settleDigest(
  trx: Transaction,
  { told, dropped }: DigestContent,
  messageId: string,
): Promise<void> {
  const waiting = (emails: readonly EmailRow[]) =>
    trx('emails')
      .whereIn(
        'id',
        emails.map(({ id }) => id),
      )
      .where({ status: 'for_digest' });
  await waiting(told).update({
    status: 'sent',
    message_id: messageId,
    sent_at: trx.raw('clock_timestamp()'),
  });
  await waiting(dropped).update({ status: 'withheld' });
}

/** Marks an e-mail as not to be sent. The e-mails that a digest would have told are withheld with it. */
async function leaveUnsent(
  deps: EmailSenderDeps,
  trx: Transaction,
  { id }: EmailRow,
  why: 'may_not' | 'switched_off' | 'nobody',
): Promise<void> {
  const isNobody = why === 'nobody';
  await trx('emails')
    .where({ id })
    .update(
      isNobody
        ? { status: 'failed', last_error: 'unknown address' }
        : { status: 'withheld', last_error: null },
    );
  await trx('emails').where({ daily_digest_id: id, status: 'for_digest' }).update({ status: 'withheld' });
  if (why === 'switched_off') return;
  deps.log.warn(
    { emailId: id },
    isNobody
      ? 'An e-mail was not sent: no account has its address any more'
      : 'An e-mail was withheld: its recipient may no longer read it, or it is out of date',
  );
}

async function trySending(mailer: Mailer, mail: Mail): Promise<Refusal | null> {
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
  { error, isFinal }: Refusal,
): Promise<void> {
  const attempts = email.attempts + 1;
  const isGivenUp = isFinal || attempts >= maxAttempts;
  await trx('emails')
    .where({ id: email.id })
    .update({ attempts, last_error: error, status: isGivenUp ? 'failed' : 'queued' });
  deps.log[isGivenUp ? 'error' : 'warn'](
    { emailId: email.id, attempts, error },
    'An e-mail was refused or could not be sent',
  );
  if (isGivenUp) return;
  const pauseMs = Math.min((deps.firstPauseMs ?? 2_000) * 2 ** Math.min(email.attempts, 20), longestPauseMs);
  await queueSending(deps.jobs, trx, email.id, pauseMs);
}
