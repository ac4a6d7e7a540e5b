export {
  createWebhookService,
  type Answer,
  type WebhookDeps,
  type WebhookService,
} from './webhook.service.ts';
export { claimDue, markDelivered, markFailed, type WebhookEvent } from './webhook.repository.ts';
export type { Channel, IncomingEvent, Refusal } from './webhook.event.ts';
