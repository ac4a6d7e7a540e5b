// The table of contents of the background: which job does what, and when.
import { sealAuditJob } from '../audit/index.ts';
import {
  checkLateJob,
  removeExpiredDraftsJob,
  settleIntentionJob,
  sweepIntentionsJob,
  type BookingDrafts,
  type BookingSettlement,
} from '../bookings/index.ts';
import { sendEmailJob, sweepEmailsJob, type EmailSender } from '../email/index.ts';
import type { CronEntry, JobHandler } from '../ports/job-queue.ts';

export interface JobServices {
  /** Seals what the audit log has got. */
  sealAudit: () => Promise<number>;
  settlement: BookingSettlement;
  drafts: BookingDrafts;
  emails: EmailSender;
}

/** A handler that checks what it is given: payloads come out of a table that outlives deployments. */
export interface RunnableJob {
  name: string;
  run(payload: unknown): Promise<void>;
}

export function createJobHandlers({ settlement, drafts, emails, sealAudit }: JobServices): RunnableJob[] {
  return [
    runnable({ job: settleIntentionJob, handle: ({ intentionId }) => settlement.settle(intentionId) }),
    runnable({ job: checkLateJob, handle: ({ intentionId }) => settlement.checkLate(intentionId) }),
    runnable({ job: sweepIntentionsJob, handle: () => nothing(settlement.sweep()) }),
    runnable({ job: removeExpiredDraftsJob, handle: () => nothing(drafts.removeExpired()) }),
    runnable({ job: sendEmailJob, handle: ({ emailId }) => emails.send(emailId) }),
    runnable({ job: sealAuditJob, handle: () => nothing(sealAudit()) }),
    runnable({ job: sweepEmailsJob, handle: () => nothing(emails.sweep()) }),
  ];
}

export const cron: CronEntry[] = [
  { schedule: '* * * * *', job: sweepIntentionsJob },
  { schedule: '* * * * *', job: sweepEmailsJob },
  { schedule: '* * * * *', job: sealAuditJob },
  { schedule: '17 * * * *', job: removeExpiredDraftsJob },
];

function runnable<Payload>(handler: JobHandler<Payload>): RunnableJob {
  const { name, payload } = handler.job;
  return { name, run: async (given) => handler.handle(payload.parse(given)) };
}

async function nothing(work: Promise<unknown>): Promise<void> {
  await work;
}
