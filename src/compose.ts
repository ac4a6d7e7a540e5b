// Builds everything once, by hand, in reading order: config → adapters → rooms → app.
import { pino, type Logger } from 'pino';
import {
  createAccounts,
  createAttemptLimiter,
  createAuth,
  createKnownBrowsers,
  createLinkTokens,
  createSignInLimiter,
  type AttemptLimits,
  type SignInLimits,
} from './accounts/index.ts';
import { createAcuityClient } from './adapters/acuity-http/index.ts';
import { createClamavScanner } from './adapters/clamav-scanner.ts';
import { createMemoryCache } from './adapters/memory-cache.ts';
import { createPgJobQueue } from './adapters/pg-job-queue.ts';
import { createRedisCache } from './adapters/redis-cache.ts';
import { createSmtpMailer } from './adapters/smtp-mailer.ts';
import { systemClock } from './adapters/system-clock.ts';
import { systemIds } from './adapters/system-ids.ts';
import { auditLog, sealAudit, systemActor, writeRefusalCounts } from './audit/index.ts';
import { createAvailabilityService } from './availability/index.ts';
import {
  createAttemptService,
  createSettlement,
  findOpenChange,
  type AttemptDeps,
  type Settlement,
} from './attempts/index.ts';
import {
  createBookingDrafts,
  createBookingList,
  createBookingService,
  intakeDetails,
  tellNobody,
} from './bookings/index.ts';
import { createConvergence, type Convergence, type ConvergenceDeps } from './following/index.ts';
import { createSyncService, type ReconcileDeps, type SyncService } from './sync/index.ts';
import { createWebhookService, type WebhookDeps } from './webhooks/index.ts';
import { createReadiness, type Readiness } from './doctor/index.ts';
import { composeDoctor, type DoctorOverrides } from './app/doctor.ts';
import { acceptedKinds, objectStorage } from './app/storage.ts';
import { mailNeedsTls, type Config } from './config.ts';
import { openDatabase, openPool, useOfDatabase, useOfPool } from './db/knex.ts';
import {
  createDocumentCare,
  createDocumentService,
  noDocumentCare,
  type DocumentCare,
  type DocumentDeps,
} from './documents/index.ts';
import {
  createAccountOutbox,
  createStaffOutbox,
  createEmailSender,
  createMailPreferences,
  createOutbox,
  createReminders,
  createUnassignedDigest,
  type EmailSenderDeps,
  type OutboxDeps,
} from './email/index.ts';
import { createApp, type Services } from './http/app.ts';
import { paths } from './http/paths.ts';
import {
  createJobHandlers,
  createWorker,
  withSignOfLife,
  type Worker,
  type WorkerDeps,
} from './jobs/index.ts';
import { createImports, type ImportDeps, type Imports } from './importing/index.ts';
import { createImpersonation } from './impersonation/index.ts';
import { createMergeService } from './merging/index.ts';
import { createMeters } from './metrics/index.ts';
import { createMapping, createQuestions, type QuestionDeps, type Questions } from './questions/index.ts';
import type { Acuity } from './ports/acuity.ts';
import type { Cache } from './ports/cache.ts';
import type { Clock } from './ports/clock.ts';
import type { JobQueue } from './ports/job-queue.ts';
import type { Mailer } from './ports/mailer.ts';
import type { Scanner } from './ports/scanner.ts';
import { createRestoring, type Restoring } from './restoring/index.ts';
import { createRelay, type Relay, type RelayDeps } from './relay/index.ts';
import { createSpecialistRepository } from './specialists/index.ts';

/** What tests put in the place of the real thing. */
export interface Overrides {
  log?: Logger;
  clock?: Clock;
  cache?: Cache;
  acuity?: Acuity;
  mailer?: Mailer;
  signInLimits?: Partial<SignInLimits>;
  attemptLimits?: AttemptLimits;
  jobs?: Pick<WorkerDeps, 'cron'>;
  bookings?: Pick<AttemptDeps, 'timings' | 'onStep'>;
  questions?: Pick<QuestionDeps, 'timings'>;
  documents?: Partial<Pick<DocumentDeps, 'timings' | 'onStep' | 'limits' | 'scanner' | 'retentionDays'>>;
  sync?: Pick<ReconcileDeps, 'onStep'>;
  imports?: Pick<ImportDeps, 'onStep'>;
  convergence?: Pick<ConvergenceDeps, 'readAgainMs' | 'linkDelayMs'>;
  webhooks?: Pick<WebhookDeps, 'onStep'>;
  relay?: Partial<Pick<RelayDeps, 'targetUrl' | 'concurrency' | 'pollMs' | 'timeoutMs' | 'onStep'>>;
  doctor?: DoctorOverrides;
  emails?: Pick<EmailSenderDeps, 'firstPauseMs' | 'sweepAfterMs' | 'onStep'> & Pick<OutboxDeps, 'gatherMs'>;
}

export interface System {
  app: ReturnType<typeof createApp>;
  services: Services & {
    documentCare: DocumentCare;
    /** Null: uploads are not scanned. */
    scanner: Scanner | null;
    jobs: JobQueue;
    cache: Cache;
    acuity: Acuity;
    questions: Questions;
    settlement: Settlement;
    convergence: Convergence;
    sync: SyncService;
    imports: Imports;
    restoring: Restoring;
  };
  /** Jobs, and the relay's deliveries unless RUN_RELAY says no. */
  worker: Worker;
  relay: Relay;
  /** The relay's deliveries alone, with a sign of life. */
  relayWorker: Worker;
  readiness(): Promise<Readiness>;
  /** From now on `/readyz` says 503. */
  beginStop(): void;
  /** Lets go of every connection. Stop the worker and the server first. */
  close(): Promise<void>;
}

export function compose(config: Config, overrides: Overrides = {}): System {
  const log = overrides.log ?? pino({ level: config.LOG_LEVEL, base: null });
  const {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_MAX: poolMax,
    DATABASE_STATEMENT_TIMEOUT_MS: statementTimeoutMs,
  } = config;
  const db = openDatabase(databaseUrl, poolMax, statementTimeoutMs);
  const authPool = openPool(databaseUrl, poolMax, statementTimeoutMs);
  authPool.on('error', () => log.warn('A database connection was lost while idle'));
  const meters = createMeters(db, { app: () => useOfDatabase(db), sessions: () => useOfPool(authPool) });
  const clock = overrides.clock ?? systemClock;
  const ids = systemIds;
  const audit = auditLog;

  const cache =
    overrides.cache ?? (config.REDIS_URL ? createRedisCache(config.REDIS_URL) : createMemoryCache({ clock }));
  const acuity =
    overrides.acuity ??
    createAcuityClient({
      baseUrl: config.ACUITY_BASE_URL,
      userId: config.ACUITY_USER_ID,
      apiKey: config.ACUITY_API_KEY,
      timeoutMs: config.ACUITY_TIMEOUT_MS,
      cache,
      log,
      watch: meters.acuity,
    });
  const jobs = createPgJobQueue(db);
  const mailer =
    overrides.mailer ??
    createSmtpMailer(config.SMTP_URL, config.MAIL_FROM, { needsTls: mailNeedsTls(config) });

  const linkTokens = createLinkTokens(config.BETTER_AUTH_SECRET);
  const auth = createAuth({
    pool: authPool,
    secret: config.BETTER_AUTH_SECRET,
    baseUrl: config.BASE_URL,
    log,
  });
  const announceAccount = createAccountOutbox({ jobs, ids });
  const accounts = createAccounts({
    auth,
    db,
    audit,
    ids,
    limiter: createSignInLimiter(cache, log, overrides.signInLimits),
    attempts: createAttemptLimiter(cache, log, overrides.attemptLimits),
    tokens: linkTokens,
    browsers: createKnownBrowsers(config.BETTER_AUTH_SECRET, {
      isHttps: config.BASE_URL.startsWith('https:'),
    }),
    announce: announceAccount,
    allowsDemoAccounts: config.DEMO_ACCOUNTS && config.NODE_ENV !== 'production',
  });
  const specialists = createSpecialistRepository(db);
  const availability = createAvailabilityService({ acuity, cache, clock, log });
  const intakeFields = {
    referenceFieldId: config.ACUITY_REFERENCE_FIELD_ID,
    referrerFieldId: config.REFERRER_FIELD_ID,
  };
  const questions = createQuestions({ db, acuity, log, ...intakeFields, ...overrides.questions });
  const addressOf = (reference: string) => config.BASE_URL + paths.bookingsFound(reference);
  const drafts = createBookingDrafts(db, clock, ids);
  const announce = createOutbox({ jobs, ids, gatherMs: overrides.emails?.gatherMs });
  const attemptDeps: AttemptDeps = {
    db,
    acuity,
    availability,
    questions,
    specialists,
    audit,
    jobs,
    clock,
    ids,
    log,
    announce,
    addressOf,
    ...intakeFields,
    ...overrides.bookings,
    // A call may wait for its turn before its time-out begins.
    timings: { inFlightMs: config.ACUITY_TIMEOUT_MS + 8_000, ...overrides.bookings?.timings },
  };
  const settlement = createSettlement(attemptDeps);
  const quietSettlement = createSettlement({ ...attemptDeps, announce: tellNobody });
  const s3 = objectStorage(config);
  const documentDeps: DocumentDeps = {
    db,
    store: s3.store,
    scanner: config.CLAMD_URL ? createClamavScanner({ url: config.CLAMD_URL }) : null,
    audit,
    jobs,
    clock,
    ids,
    log,
    announce,
    limits: { maxBytes: config.UPLOAD_MAX_BYTES, maxFiles: 20, kinds: acceptedKinds(config) },
    retentionDays: config.DOCUMENT_RETENTION_DAYS ?? null,
    ...overrides.documents,
  };
  const documentCare = config.S3_BUCKET ? createDocumentCare(documentDeps) : noDocumentCare;
  const emails = createEmailSender({
    db,
    mailer,
    jobs,
    log,
    links: {
      booking: (id) => config.BASE_URL + paths.booking(id),
      attempt: (id) => config.BASE_URL + paths.bookingAttempt(id),
      newBooking: () => config.BASE_URL + paths.newBooking(),
      account: () => config.BASE_URL + paths.account(),
      console: () => config.BASE_URL + paths.console(),
      bookingsWithoutReferrer: () => config.BASE_URL + paths.bookingsWithoutReferrer(),
      mailPreferences: () => config.BASE_URL + paths.accountMail(),
      accountLink: (kind, id) => config.BASE_URL + paths.accountLink(kind, linkTokens.tokenFor(kind, id)),
    },
    messageIdDomain: new URL(config.BASE_URL).hostname,
    ...overrides.emails,
  });

  const convergence = createConvergence({
    ...{ attempts: attemptDeps, settlement, quietSettlement },
    ...overrides.convergence,
  });
  const webhooks = createWebhookService({
    ...{ db, audit, clock, ids, log, convergence },
    apiKey: config.ACUITY_API_KEY,
    automationSecrets: config.AUTOMATION_SECRETS,
    delayMs: config.WEBHOOK_DELAY_SECONDS * 1_000,
    ...overrides.webhooks,
  });
  const relay = createRelay({
    ...{ db, clock, log, webhooks },
    targetUrl: config.RELAY_TARGET_URL ?? new URL(paths.acuityWebhook(), config.BASE_URL).href,
    ...overrides.relay,
  });
  const mapping = createMapping({
    db,
    audit,
    questions,
    specialists,
    details: intakeDetails,
    ...intakeFields,
  });
  const tellStaff = createStaffOutbox({ jobs, ids });
  const sync = createSyncService({
    jobs,
    reconciling: {
      ...{ db, acuity, specialists, questions, convergence, audit, clock, ids, log },
      ...{ ...intakeFields, addressOf },
      announce: (trx, report) => tellStaff(trx, { kind: 'drift_report', driftReportId: report.id }),
      ...overrides.sync,
    },
    subscribing: {
      ...{ db, acuity, clock, log },
      target: new URL(paths.relay(), config.BASE_URL).href,
      acuityUrl: config.ACUITY_BASE_URL,
      async announce(trx, { all, repaired }) {
        await audit.record(trx, systemActor, {
          ...{ action: 'record.changed', resourceType: 'acuity_connection', resourceId: null },
          metadata: { made: all.map(({ event, mended }) => ({ event, mended })) },
        });
        if (repaired.length > 0) await tellStaff(trx, { kind: 'webhooks_repaired', driftReportId: null });
      },
    },
    mapping,
  });
  const imports = createImports({
    ...{ db, audit, ids, announceAccount, acuity, convergence, attempts: attemptDeps },
    ...overrides.imports,
  });
  const restoring = createRestoring({
    ...{ db, audit, ids, sync, settlement: quietSettlement, documents: documentCare },
  });
  const impersonation = createImpersonation({ db, auth, audit, ids, accounts });
  const handlers = createJobHandlers({
    impersonation,
    sync,
    accounts,
    convergence,
    documentCare,
    jobs,
    settlement,
    drafts,
    emails,
    unassignedDigest: createUnassignedDigest({ db, jobs, ids }),
    reminders: createReminders({ db, announce, jobs, ids, clock }),
    async sealAudit() {
      await writeRefusalCounts(db);
      return sealAudit(db, config.ENCRYPTION_KEYS);
    },
  });
  const jobWorker = createWorker({
    ...{ databaseUrl, handlers, jobs, log, watch: (labels, seconds) => meters.job(labels, seconds) },
    ...overrides.jobs,
  });
  const jobsAlive = withSignOfLife(jobWorker, {
    ...{ db, id: ids.uuid(), kind: 'jobs' },
    isWorking: () => jobWorker.isWorking(),
  });
  const relayAlive = withSignOfLife(
    { start: () => Promise.resolve(relay.start()), stop: () => relay.stop() },
    { db, id: ids.uuid(), kind: 'relay', isWorking: () => true },
  );
  const worker = config.RUN_RELAY ? together(relayAlive, jobsAlive) : jobsAlive;
  let isStopping = false;
  const readiness = createReadiness({
    isStopping: () => isStopping,
    ...{ db, cache, acuity, sync },
    store: config.S3_BUCKET ? s3.store : null,
    scanner: documentDeps.scanner,
  });
  const { doctor, probeTokens } = composeDoctor(
    config,
    {
      ...{ db, cache, acuity, specialists, mapping, sync, clock },
      store: config.S3_BUCKET ? s3.store : null,
    },
    overrides.doctor,
  );
  const services = {
    config,
    db,
    log,
    accounts,
    audit,
    specialists,
    availability,
    attempts: createAttemptService(attemptDeps),
    bookings: createBookingService({ ...{ db, audit, clock, ids, announce }, findOpenChange }),
    mailPreferences: createMailPreferences({ db, audit }),
    mapping,
    doctor,
    probeTokens,
    merges: createMergeService({ db, audit, clock, ids }),
    impersonation,
    bookingList: createBookingList(db),
    drafts,
    documents: createDocumentService(documentDeps),
    documentCare,
    scanner: documentDeps.scanner,
    uploadStorage: s3.uploads,
    clock,
    ids,
    readiness,
    meters,
    jobs,
    cache,
    acuity,
    questions,
    settlement,
    convergence,
    webhooks,
    sync,
    imports,
    restoring,
  };

  return {
    app: createApp(services),
    services,
    worker,
    relay,
    relayWorker: relayAlive,
    readiness,
    beginStop() {
      isStopping = true;
    },
    async close() {
      s3.store.close();
      await Promise.all([db.destroy(), authPool.end(), cache.close()]);
    },
  };
}

function together(...workers: Worker[]): Worker {
  return {
    async start() {
      for (const worker of workers) await worker.start();
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}
