import type { AuditLog } from '../../audit/index.ts';
import type { Acuity } from '../../ports/acuity.ts';
import type { JobQueue } from '../../ports/job-queue.ts';
import type { WebhookService } from '../../webhooks/index.ts';
import type { PageServices } from '../pages/page-services.ts';

export interface ConsoleServices extends PageServices {
  audit: AuditLog;
  webhooks: WebhookService;
  jobs: JobQueue;
  acuity: Acuity;
}
