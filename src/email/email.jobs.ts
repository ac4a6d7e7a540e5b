import { z } from 'zod';
import type { Transaction } from '../db/knex.ts';
import type { JobDefinition, JobQueue } from '../ports/job-queue.ts';

const anEmail = z.object({ emailId: z.uuid() });

export const sendEmailJob: JobDefinition<z.infer<typeof anEmail>> = { name: 'send_email', payload: anEmail };

/** The key of an e-mail's job, so that an e-mail has one job at most. */
export const sendKey = (emailId: string): string => `email:${emailId}`;

/** Has a queued e-mail sent once the transaction commits. */
export function queueSending(
  jobs: Pick<JobQueue, 'add'>,
  trx: Transaction,
  emailId: string,
  delayMs = 0,
): Promise<void> {
  return jobs.add(sendEmailJob, { emailId }, { trx, key: sendKey(emailId), delayMs });
}

/** Every minute: gives a new job to a queued message whose job was lost with its worker. */
export const sweepEmailsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_emails',
  payload: z.object({}),
};

/** Every ten minutes: writes the reminders that are due. */
export const writeRemindersJob: JobDefinition<Record<string, never>> = {
  name: 'write_reminders',
  payload: z.object({}),
};

/** Every hour, each booking once a day at most: writes the reminders of documents that are missing. */
export const writePaperworkRemindersJob: JobDefinition<Record<string, never>> = {
  name: 'write_paperwork_reminders',
  payload: z.object({}),
};

/** Every quarter of an hour: tells staff about new bookings without a referrer. */
export const tellUnassignedJob: JobDefinition<Record<string, never>> = {
  name: 'tell_unassigned',
  payload: z.object({}),
};

/** Every ten minutes: writes the daily digests whose morning has come. */
export const writeDigestsJob: JobDefinition<Record<string, never>> = {
  name: 'write_digests',
  payload: z.object({}),
};

/** Every quarter of an hour: tells staff about new messages of referrers that nobody has answered. */
export const tellUnansweredJob: JobDefinition<Record<string, never>> = {
  name: 'tell_unanswered',
  payload: z.object({}),
};
