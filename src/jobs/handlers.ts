// Which job calls what, and when.
import { removeExpiredSessionsJob, renewSecondStepsJob, type Accounts } from '../accounts/index.ts';
import { sealAuditJob } from '../audit/index.ts';
import { checkLateJob, settleAttemptJob, sweepAttemptsJob, type Settlement } from '../attempts/index.ts';
import { fillNextFreeJob, type NextFreeFiller } from '../availability/index.ts';
import {
  refreshPaperworkJob,
  removeExpiredDraftsJob,
  type BookingDrafts,
  type Paperwork,
} from '../bookings/index.ts';
import { continueBulkActionJob, sweepBulkActionsJob, type BulkWork } from '../bulk/index.ts';
import { fetchMeetingLinkJob, type Convergence } from '../following/index.ts';
import {
  checkSubscriptionsJob,
  reconcileAllJob,
  reconcileNearJob,
  removeOldReportsJob,
  resumeReconciliationJob,
  type SyncService,
} from '../sync/index.ts';
import {
  checkCustodyJob,
  retainDocumentsJob,
  scanDocumentJob,
  sweepDocumentsJob,
  type DocumentCare,
} from '../documents/index.ts';
import {
  sendEmailJob,
  sweepEmailsJob,
  tellUnansweredJob,
  tellUnassignedJob,
  writeDigestsJob,
  writePaperworkRemindersJob,
  writeRemindersJob,
  type DailyDigest,
  type EmailSender,
  type PaperworkReminders,
  type Reminders,
  type StaffDigest,
} from '../email/index.ts';
import { endIdleActingJob, type ImpersonationService } from '../impersonation/index.ts';
import type { CronEntry, JobHandler, JobQueue } from '../ports/job-queue.ts';
import { offerFreedTimesJob, type WaitListOffers } from '../waiting/index.ts';
import { removeSupersededJob } from './queue.jobs.ts';

export interface JobServices {
  accounts: Pick<Accounts, 'removeExpired' | 'renewSecondSteps'>;
  impersonation: Pick<ImpersonationService, 'endIdle'>;
  convergence: Pick<Convergence, 'fetchMeetingLink'>;
  sync: Pick<SyncService, 'resume' | 'reconcileNear' | 'reconcileAll' | 'checkSubscriptions' | 'removeOld'>;
  /** Seals new rows of the audit log. */
  sealAudit: () => Promise<number>;
  jobs: Pick<JobQueue, 'removeSuperseded'>;
  settlement: Settlement;
  drafts: BookingDrafts;
  paperwork: Pick<Paperwork, 'refresh'>;
  nextFreeFiller: NextFreeFiller;
  waitListOffers: WaitListOffers;
  documentCare: DocumentCare;
  emails: EmailSender;
  unassignedDigest: StaffDigest;
  unansweredDigest: StaffDigest;
  reminders: Reminders;
  dailyDigest: DailyDigest;
  paperworkReminders: PaperworkReminders;
  bulkWork: BulkWork;
}

/** A handler that validates its payload: rows of the queue outlive deployments. */
export interface RunnableJob {
  name: string;
  formerNames: readonly string[];
  run(payload: unknown): Promise<void>;
}

export function createJobHandlers(services: JobServices): RunnableJob[] {
  const { accounts, settlement, drafts, emails, documentCare, sealAudit, convergence, sync, impersonation } =
    services;
  return [
    runnable({ job: settleAttemptJob, handle: ({ attemptId }) => settlement.settle(attemptId) }),
    runnable({ job: checkLateJob, handle: ({ attemptId }) => settlement.checkLate(attemptId) }),
    runnable({ job: sweepAttemptsJob, handle: () => ignoreResult(settlement.sweep()) }),
    runnable({ job: removeExpiredDraftsJob, handle: () => ignoreResult(drafts.removeExpired()) }),
    runnable({ job: refreshPaperworkJob, handle: () => services.paperwork.refresh() }),
    // A calendar that changed may have a time for somebody who waits.
    runnable({
      job: fillNextFreeJob,
      async handle() {
        await services.nextFreeFiller.fill();
        await services.waitListOffers.offerFreed();
      },
    }),
    runnable({ job: offerFreedTimesJob, handle: () => ignoreResult(services.waitListOffers.offerFreed()) }),
    runnable({ job: scanDocumentJob, handle: ({ documentId }) => documentCare.scan(documentId) }),
    runnable({ job: sweepDocumentsJob, handle: () => ignoreResult(documentCare.sweep()) }),
    runnable({ job: retainDocumentsJob, handle: () => ignoreResult(documentCare.retain()) }),
    runnable({ job: checkCustodyJob, handle: () => ignoreResult(documentCare.checkCustody()) }),
    runnable({ job: sendEmailJob, handle: ({ emailId }) => emails.send(emailId) }),
    runnable({ job: removeExpiredSessionsJob, handle: () => ignoreResult(accounts.removeExpired()) }),
    runnable({ job: renewSecondStepsJob, handle: () => ignoreResult(accounts.renewSecondSteps()) }),
    runnable({ job: endIdleActingJob, handle: () => ignoreResult(impersonation.endIdle()) }),
    runnable({ job: sealAuditJob, handle: () => ignoreResult(sealAudit()) }),
    runnable({ job: fetchMeetingLinkJob, handle: (one) => convergence.fetchMeetingLink(one.appointmentId) }),
    runnable({ job: resumeReconciliationJob, handle: () => ignoreResult(sync.resume()) }),
    runnable({ job: reconcileNearJob, handle: () => ignoreResult(sync.reconcileNear()) }),
    runnable({ job: reconcileAllJob, handle: () => ignoreResult(sync.reconcileAll()) }),
    runnable({ job: removeOldReportsJob, handle: () => ignoreResult(sync.removeOld()) }),
    runnable({ job: checkSubscriptionsJob, handle: () => sync.checkSubscriptions() }),
    runnable({ job: sweepEmailsJob, handle: () => ignoreResult(emails.sweep()) }),
    runnable({ job: tellUnassignedJob, handle: () => ignoreResult(services.unassignedDigest.write()) }),
    runnable({ job: tellUnansweredJob, handle: () => ignoreResult(services.unansweredDigest.write()) }),
    runnable({ job: removeSupersededJob, handle: () => ignoreResult(services.jobs.removeSuperseded()) }),
    runnable({ job: writeDigestsJob, handle: () => ignoreResult(services.dailyDigest.write()) }),
    runnable({ job: writeRemindersJob, handle: () => ignoreResult(services.reminders.write()) }),
    runnable({
      job: writePaperworkRemindersJob,
      handle: () => ignoreResult(services.paperworkReminders.write()),
    }),
    runnable({
      job: continueBulkActionJob,
      handle: ({ bulkActionId }) => services.bulkWork.continue(bulkActionId),
    }),
    runnable({ job: sweepBulkActionsJob, handle: () => ignoreResult(services.bulkWork.sweep()) }),
  ];
}

export const cron: CronEntry[] = [
  { schedule: '* * * * *', job: sweepAttemptsJob, alsoAtStart: true },
  { schedule: '* * * * *', job: sweepEmailsJob, alsoAtStart: true },
  { schedule: '* * * * *', job: sealAuditJob, alsoAtStart: true },
  { schedule: '* * * * *', job: endIdleActingJob, alsoAtStart: true },
  { schedule: '* * * * *', job: fillNextFreeJob, alsoAtStart: true },
  { schedule: '* * * * *', job: offerFreedTimesJob, alsoAtStart: true },
  { schedule: '* * * * *', job: sweepBulkActionsJob, alsoAtStart: true },
  { schedule: '* * * * *', job: refreshPaperworkJob, alsoAtStart: true },
  { schedule: '*/15 * * * *', job: reconcileNearJob },
  { schedule: '*/15 * * * *', job: tellUnassignedJob },
  { schedule: '*/15 * * * *', job: tellUnansweredJob },
  { schedule: '*/10 * * * *', job: writeRemindersJob, alsoAtStart: true },
  { schedule: '*/10 * * * *', job: writeDigestsJob, alsoAtStart: true },
  { schedule: '5 * * * *', job: writePaperworkRemindersJob, alsoAtStart: true },
  { schedule: '10 3 * * *', job: reconcileAllJob, isMadeUp: true },
  { schedule: '50 3 * * *', job: removeOldReportsJob, isMadeUp: true },
  { schedule: '*/10 * * * *', job: checkSubscriptionsJob, alsoAtStart: true },
  { schedule: '*/10 * * * *', job: removeSupersededJob },
  { schedule: '17 * * * *', job: removeExpiredDraftsJob },
  { schedule: '37 * * * *', job: removeExpiredSessionsJob },
  { schedule: '47 * * * *', job: renewSecondStepsJob, alsoAtStart: true },
  { schedule: '*/10 * * * *', job: sweepDocumentsJob },
  // Retries for more than an hour when the store is unavailable at night.
  { schedule: '20 2 * * *', job: retainDocumentsJob, maxAttempts: 9, isMadeUp: true },
  { schedule: '40 2 * * *', job: checkCustodyJob, maxAttempts: 9, isMadeUp: true },
];

function runnable<Payload>(handler: JobHandler<Payload>): RunnableJob {
  const { name, formerNames = [], payload } = handler.job;
  return { name, formerNames, run: async (given) => handler.handle(payload.parse(given)) };
}

async function ignoreResult(work: Promise<unknown>): Promise<void> {
  await work;
}
