import type { Accounts } from '../../accounts/index.ts';
import type { AuditLog } from '../../audit/index.ts';
import type { BookingService } from '../../bookings/index.ts';
import type { DocumentService } from '../../documents/index.ts';
import type { SyncService } from '../../sync/index.ts';
import type { WebhookService } from '../../webhooks/index.ts';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/knex.ts';
import type { ImpersonationService } from '../../impersonation/index.ts';
import type { Mapping } from '../../questions/index.ts';
import type { Acuity } from '../../ports/acuity.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { JobQueue } from '../../ports/job-queue.ts';

export interface ConsoleServices {
  config: Pick<Config, 'BASE_URL' | 'BETTER_AUTH_SECRET'>;
  db: Database;
  audit: AuditLog;
  accounts: Accounts;
  bookings: BookingService;
  documents: DocumentService;
  webhooks: WebhookService;
  impersonation: ImpersonationService;
  sync: Pick<SyncService, 'requestRun' | 'spans' | 'connect' | 'connection' | 'firstSteps'>;
  jobs: JobQueue;
  acuity: Acuity;
  mapping: Mapping;
  clock: Clock;
  ids: Ids;
}
