export {
  createAccountOutbox,
  createStaffOutbox,
  createOfferOutbox,
  createOutbox,
  type OutboxDeps,
} from './email.outbox.ts';
export { createEmailSender, type EmailSender, type EmailSenderDeps } from './email.sender.ts';
export {
  sendEmailJob,
  sweepEmailsJob,
  tellUnassignedJob,
  writeDigestsJob,
  writePaperworkRemindersJob,
  tellUnansweredJob,
  writeRemindersJob,
} from './email.jobs.ts';
export type { EmailRow, Links } from './email.ts';
export { composeMail } from './email.message.ts';
export { resendEmail, resends, type Resent } from './email.resend.ts';
export { emailStatuses, isStuck, isUndelivered } from './email.ts';
export { createExamineeInstructions, type ExamineeInstructions } from './email.instructions.ts';
export { createPaperworkReminders, type PaperworkReminders } from './email.paperwork.ts';
export { createReminders, type Reminders } from './email.reminders.ts';
export { withholdQueued } from './email.withheld.ts';
export { createUnansweredDigest, createUnassignedDigest, type StaffDigest } from './email.digest.ts';
export { createDailyDigest, type DailyDigest, type ReadNeeds } from './email.daily.ts';
export { createStopLinks, type StopLinks } from './email.stop.ts';
export {
  choicesOf,
  createMailPreferences,
  type MailPreference,
  type MailPreferences,
} from './email.preferences.ts';
