export {
  createConvergence,
  type Converged,
  type Convergence,
  type ConvergenceDeps,
  type ConvergenceNote,
} from './webhook.converge.ts';
export {
  createWebhookService,
  type Answer,
  type WebhookDeps,
  type WebhookService,
} from './webhook.service.ts';
export { fetchMeetingLinkJob } from './webhook.jobs.ts';
export { claimDue, markDelivered, markFailed, type WebhookEvent } from './webhook.repository.ts';
export type { Channel, IncomingEvent, Outcome, Refusal } from './webhook.event.ts';
