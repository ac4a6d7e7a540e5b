import type { Accounts } from '../../accounts/index.ts';
import type { AuditLog } from '../../audit/index.ts';
import type { BookingService } from '../../bookings/index.ts';
import type { Database } from '../../db/knex.ts';
import type { Acuity } from '../../ports/acuity.ts';
import type { Ids } from '../../ports/ids.ts';
import type { JobQueue } from '../../ports/job-queue.ts';
import type { SyncService } from '../../sync/index.ts';
import type { WebhookService } from '../../webhooks/index.ts';

export interface ConsoleServices {
  db: Database;
  audit: AuditLog;
  accounts: Accounts;
  bookings: BookingService;
  webhooks: WebhookService;
  sync: Pick<SyncService, 'reconcile' | 'nearSpan'>;
  jobs: JobQueue;
  acuity: Acuity;
  ids: Ids;
}
