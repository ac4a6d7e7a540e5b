export {
  createWebhookService,
  type Replayed,
  type WebhookDeps,
  type WebhookService,
} from './webhook.service.ts';
export { webhookNeedsAttention } from './webhook.attention.ts';
export { claimDue, markDelivered, markFailed } from './webhook.progress.ts';
export type { WebhookEvent } from './webhook.repository.ts';
export {
  webhookChannels,
  webhookRefusals,
  webhookStates,
  type IncomingEvent,
  type Refusal,
} from './webhook.event.ts';
