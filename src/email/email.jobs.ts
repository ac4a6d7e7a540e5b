import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const anEmail = z.object({ emailId: z.uuid() });

export const sendEmailJob: JobDefinition<z.infer<typeof anEmail>> = { name: 'send_email', payload: anEmail };

/** Each minute: a queued message whose job went away with its worker gets another. */
export const sweepEmailsJob: JobDefinition<Record<string, never>> = {
  name: 'sweep_emails',
  payload: z.object({}),
};

/** Every ten minutes: referrers, and examinees where their organisation wants it, are reminded of examinations. */
export const writeRemindersJob: JobDefinition<Record<string, never>> = {
  name: 'write_reminders',
  payload: z.object({}),
};

/** Every quarter of an hour: staff are told of new bookings without a referrer. */
export const tellUnassignedJob: JobDefinition<Record<string, never>> = {
  name: 'tell_unassigned',
  payload: z.object({}),
};
