export { createAccountOutbox, createStaffOutbox, createOutbox, type OutboxDeps } from './email.outbox.ts';
export { createEmailSender, type EmailSender, type EmailSenderDeps } from './email.sender.ts';
export { sendEmailJob, sweepEmailsJob } from './email.jobs.ts';
export type { Links } from './email.ts';
export { resendEmail } from './email.resend.ts';
export { accountMailKinds, workMailKinds } from './email.ts';
