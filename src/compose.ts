// Builds everything once, by hand, in reading order: config → ground → adapters → rooms → app.
import {
  createAccounts,
  createAuth,
  createKeptForms,
  createKnownBrowsers,
  createLimits,
  createLinkTokens,
  type ActionLimits,
  type SignInLimits,
} from './accounts/index.ts';
import { composeDoctor, type DoctorOverrides } from './app/doctor.ts';
import { openGround, type Ground, type GroundOverrides } from './app/ground.ts';
import { emailLinks } from './app/links.ts';
import { connectOutside } from './app/outside.ts';
import { acceptedKinds } from './app/storage.ts';
import { createWorkers, type Workers } from './app/workers.ts';
import {
  createAttemptService,
  createSettlement,
  findOpenChange,
  type AttemptDeps,
  type Settlement,
} from './attempts/index.ts';
import { sealAudit, systemActor, writeRefusalCounts } from './audit/index.ts';
import {
  createAvailabilityService,
  createNextFree,
  createNextFreeFiller,
  type FillerDeps,
  type NextFreeFiller,
} from './availability/index.ts';
import {
  createBookingDrafts,
  createBookingList,
  createSameExaminee,
  createBookingNeeds,
  createBookingService,
  createCalendarFeeds,
  createReportWaits,
  createPaperwork,
  createRecentBookings,
  createUpcomingBookings,
  intakeDetails,
  tellNobody,
} from './bookings/index.ts';
import {
  createBulkActions,
  createBulkVerbs,
  createBulkWork,
  type BulkWork,
  type BulkWorkDeps,
} from './bulk/index.ts';
import type { Config } from './config.ts';
import { keep } from './db/kept-version.ts';
import { databaseUsage, poolUsage } from './db/knex.ts';
import { createReadiness } from './doctor/index.ts';
import {
  createDocumentCare,
  createDocumentService,
  noDocumentCare,
  type DocumentCare,
  type DocumentDeps,
} from './documents/index.ts';
import {
  createAccountOutbox,
  createDailyDigest,
  createEmailSender,
  createMailPreferences,
  createOfferOutbox,
  createOutbox,
  createPaperworkReminders,
  createReminders,
  createStaffOutbox,
  createStopLinks,
  createUnansweredDigest,
  createUnassignedDigest,
  createExamineeInstructions,
  type EmailSenderDeps,
  type ReadNeeds,
  type OutboxDeps,
} from './email/index.ts';
import { createConvergence, type Convergence, type ConvergenceDeps } from './following/index.ts';
import { createApp, type Services } from './http/app.ts';
import { paths } from './http/paths.ts';
import { createImpersonation } from './impersonation/index.ts';
import { createImports, type ImportDeps, type Imports } from './importing/index.ts';
import type { WorkerDeps } from './jobs/index.ts';
import { createMessages } from './messages/index.ts';
import { createMergeService } from './merging/index.ts';
import { createMeters } from './metrics/index.ts';
import type { Acuity } from './ports/acuity.ts';
import type { Cache } from './ports/cache.ts';
import type { Mailer } from './ports/mailer.ts';
import type { Scanner } from './ports/scanner.ts';
import { createMapping, createQuestions, readMapping, type QuestionDeps } from './questions/index.ts';
import { createRelay, type Relay, type RelayDeps } from './relay/index.ts';
import { createRestoring, type Restoring } from './restoring/index.ts';
import { createProfileFiles, createSpecialistRepository, keepSpecialists } from './specialists/index.ts';
import { createSyncService, type ReconcileDeps, type SyncService } from './sync/index.ts';
import {
  createWaitMemory,
  createWaitList,
  createWaitListOffers,
  noteFreed,
  type OfferDeps,
  type WaitListOffers,
} from './waiting/index.ts';
import { createWebhookService, type WebhookDeps } from './webhooks/index.ts';

/** What tests put in the place of the real thing. */
export interface Overrides extends GroundOverrides {
  cache?: Cache;
  acuity?: Acuity;
  mailer?: Mailer;
  signInLimits?: Partial<SignInLimits>;
  actionLimits?: ActionLimits;
  jobs?: Pick<WorkerDeps, 'cron' | 'pollMs'>;
  bookings?: Pick<AttemptDeps, 'timings' | 'onStep'>;
  questions?: Pick<QuestionDeps, 'timings'>;
  documents?: Partial<Pick<DocumentDeps, 'timings' | 'onStep' | 'limits' | 'scanner' | 'retentionDays'>>;
  sync?: Pick<ReconcileDeps, 'onStep'>;
  imports?: Pick<ImportDeps, 'onStep'>;
  convergence?: Pick<ConvergenceDeps, 'readAgainMs' | 'linkDelayMs'>;
  webhooks?: Pick<WebhookDeps, 'onStep'>;
  waiting?: Pick<OfferDeps, 'onStep'>;
  bulk?: Pick<BulkWorkDeps, 'onStep'>;
  nextFree?: Pick<FillerDeps, 'onStep'>;
  relay?: Partial<Pick<RelayDeps, 'targetUrl' | 'concurrency' | 'pollMs' | 'timeoutMs' | 'onStep'>>;
  doctor?: DoctorOverrides;
  emails?: Pick<EmailSenderDeps, 'firstPauseMs' | 'sweepAfterMs' | 'onStep'> & Pick<OutboxDeps, 'gatherMs'>;
}

export interface System extends Workers {
  app: ReturnType<typeof createApp>;
  services: Ground &
    Services & {
      documentCare: DocumentCare;
      /** Null: uploads are not scanned. */
      scanner: Scanner | null;
      cache: Cache;
      settlement: Settlement;
      convergence: Convergence;
      sync: SyncService;
      imports: Imports;
      restoring: Restoring;
      nextFreeFiller: NextFreeFiller;
      waitListOffers: WaitListOffers;
      bulkWork: BulkWork;
    };
  relay: Relay;
  readiness: Services['readiness'];
  /** From now on `/readyz` says 503. */
  beginStop(): void;
  /** Closes every connection. Stop the worker and the server first. */
  close(): Promise<void>;
}

export function compose(config: Config, overrides: Overrides = {}): System {
  const ground = openGround(config, overrides);
  const { db, pool, audit, jobs, clock, ids, log } = ground;
  const meters = createMeters(db, { app: () => databaseUsage(db), statements: () => poolUsage(pool) });
  const outside = connectOutside(config, ground, meters, overrides);
  const { acuity, cache, mailer } = outside;
  const announceAccount = createAccountOutbox(ground);
  const announceToStaff = createStaffOutbox(ground);
  const announce = createOutbox({ ...ground, gatherMs: overrides.emails?.gatherMs });

  const bookingNeeds = createBookingNeeds(ground);
  const readNeeds: ReadNeeds = async (viewer, limit) => {
    const { bookings: needy, counts } = await bookingNeeds.list(viewer, clock.now(), {
      whose: 'mine',
      limit,
    });
    return { bookings: needy, count: counts.mine };
  };
  const linkTokens = createLinkTokens(config.BETTER_AUTH_SECRET);
  const stopLinks = createStopLinks(config.BETTER_AUTH_SECRET);
  const auth = createAuth({
    pool,
    secrets: config.BETTER_AUTH_SECRET,
    baseUrl: config.BASE_URL,
    log,
  });
  const limits = createLimits(cache, log, ground.digests, {
    actions: overrides.actionLimits,
    signIn: overrides.signInLimits,
  });
  const accounts = createAccounts({
    ...ground,
    auth,
    baseUrl: config.BASE_URL,
    secrets: config.BETTER_AUTH_SECRET,
    limits,
    tokens: linkTokens,
    browsers: createKnownBrowsers(config.BETTER_AUTH_SECRET, config.BASE_URL),
    keptForms: createKeptForms(db, config.BETTER_AUTH_SECRET, config.BASE_URL),
    announce: announceAccount,
    allowsDemoAccounts: config.DEMO_ACCOUNTS && config.NODE_ENV !== 'production',
  });
  const impersonation = createImpersonation({ ...ground, auth, accounts });
  const specialists = createSpecialistRepository(db);
  const waitMemory = createWaitMemory(db, ground.keptVersion);
  const nextFree = createNextFree({ ...ground, holds: waitMemory });
  const availability = createAvailabilityService({
    ...ground,
    acuity,
    cache,
    holds: waitMemory,
    changed: (calendarId, taken) => nextFree.changed(calendarId, taken),
    notOffered: (time) => nextFree.notOffered(time),
  });
  const nextFreeFiller = createNextFreeFiller({
    ...ground,
    acuity: acuity.background,
    cache,
    specialists,
    noteFreed,
    ...overrides.nextFree,
  });
  /** Kept in memory, for requests; jobs read the table. */
  const keptSpecialists = keepSpecialists(specialists, ground.keptVersion);
  const intakeFields = {
    keptMapping: keep(ground.keptVersion, () => readMapping(db)),
    referenceFieldId: config.ACUITY_REFERENCE_FIELD_ID,
    referrerFieldId: config.REFERRER_FIELD_ID,
  };
  const questionDeps = { ...ground, acuity, ...intakeFields, ...overrides.questions };
  const keptQuestions = createQuestions(questionDeps);
  const questions = createQuestions({ ...questionDeps, keptVersion: undefined });
  const mapping = createMapping({
    ...ground,
    questions,
    specialists,
    details: intakeDetails,
    ...intakeFields,
  });

  const drafts = createBookingDrafts(db, clock, ids);
  const paperwork = createPaperwork(ground);
  const bookings = createBookingService({ ...ground, announce, findOpenChange });
  const addressOf = (reference: string) => config.BASE_URL + paths.bookingsFound(reference);
  const attemptDeps: AttemptDeps = {
    ...ground,
    acuity,
    availability,
    questions,
    specialists,
    announce,
    addressOf,
    ...intakeFields,
    ...overrides.bookings,
    // A call may wait for its turn before its time-out begins.
    timings: { inFlightMs: config.ACUITY_TIMEOUT_MS + 8_000, ...overrides.bookings?.timings },
  };
  const attempts = createAttemptService({
    ...attemptDeps,
    specialists: keptSpecialists,
    questions: keptQuestions,
  });
  const waitList = createWaitList({ ...ground, attempts, specialists, memory: waitMemory });
  const waitListOffers = createWaitListOffers({
    ...ground,
    acuity: acuity.background,
    specialists,
    announceOffer: createOfferOutbox(ground),
    ...overrides.waiting,
  });
  const backgroundDeps: AttemptDeps = { ...attemptDeps, acuity: acuity.background };
  const settlement = createSettlement(backgroundDeps);
  const quietSettlement = createSettlement({ ...backgroundDeps, announce: tellNobody });
  const convergence = createConvergence({
    attempts: backgroundDeps,
    settlement,
    quietSettlement,
    ...overrides.convergence,
  });
  const webhookDeps: WebhookDeps = {
    ...ground,
    convergence,
    apiKeys: config.ACUITY_API_KEY,
    automationSecrets: config.AUTOMATION_SECRETS,
    delayMs: config.WEBHOOK_DELAY_SECONDS * 1_000,
    ...overrides.webhooks,
  };
  const webhooks = createWebhookService(webhookDeps);
  const bulkWork = createBulkWork({
    ...ground,
    verbsIn: (trx) =>
      createBulkVerbs({
        ...ground,
        db: trx,
        bookings: createBookingService({ ...ground, db: trx, announce, findOpenChange }),
        webhooks: createWebhookService({ ...webhookDeps, db: trx }),
      }),
    ...overrides.bulk,
  });
  const relay = createRelay({
    ...ground,
    webhooks,
    targetUrl: config.RELAY_TARGET_URL ?? new URL(paths.acuityWebhook(), config.BASE_URL).href,
    ...overrides.relay,
  });
  const sync = createSyncService({
    jobs,
    mapping,
    reconciling: {
      ...ground,
      acuity: acuity.background,
      specialists,
      questions,
      convergence,
      ...intakeFields,
      addressOf,
      announce: (trx, report) => announceToStaff(trx, { kind: 'drift_report', driftReportId: report.id }),
      ...overrides.sync,
    },
    subscribing: {
      ...ground,
      acuity: acuity.background,
      target: new URL(paths.relay(), config.BASE_URL).href,
      acuityUrl: config.ACUITY_BASE_URL,
      async announce(trx, { all, repaired }) {
        await audit.record(trx, systemActor, {
          action: 'record.changed',
          resourceType: 'acuity_connection',
          resourceId: null,
          metadata: { made: all.map(({ event, trouble }) => ({ event, mended: trouble })) },
        });
        if (repaired.length > 0)
          await announceToStaff(trx, { kind: 'webhooks_repaired', driftReportId: null });
      },
    },
  });

  const documentDeps: DocumentDeps = {
    ...ground,
    store: outside.store,
    scanner: outside.scanner,
    announce,
    limits: { maxBytes: config.UPLOAD_MAX_BYTES, maxFiles: 20, kinds: acceptedKinds(config) },
    retentionDays: config.DOCUMENT_RETENTION_DAYS ?? null,
    ...overrides.documents,
  };
  const { scanner } = documentDeps;
  const documentCare = config.S3_BUCKET ? createDocumentCare(documentDeps) : noDocumentCare;
  const imports = createImports({
    ...ground,
    announceAccount,
    acuity: acuity.background,
    convergence,
    attempts: backgroundDeps,
    ...overrides.imports,
  });
  const restoring = createRestoring({
    ...ground,
    sync,
    settlement: quietSettlement,
    documents: documentCare,
  });
  const { worker, relayWorker } = createWorkers(ground, config, {
    meters,
    relay,
    overrides: overrides.jobs,
    services: {
      impersonation,
      sync,
      accounts,
      convergence,
      documentCare,
      jobs,
      settlement,
      drafts,
      paperwork,
      nextFreeFiller,
      waitListOffers,
      emails: createEmailSender({
        ...ground,
        mailer,
        links: emailLinks(config, linkTokens, stopLinks),
        readNeeds,
        messageIdDomain: new URL(config.BASE_URL).hostname,
        ...overrides.emails,
      }),
      unassignedDigest: createUnassignedDigest(ground),
      unansweredDigest: createUnansweredDigest(ground),
      reminders: createReminders({ ...ground, announce }),
      dailyDigest: createDailyDigest({ ...ground, readNeeds }),
      paperworkReminders: createPaperworkReminders({ ...ground, announce }),
      bulkWork,
      async sealAudit() {
        await writeRefusalCounts(db);
        return sealAudit(db, config.ENCRYPTION_KEYS);
      },
    },
  });

  let isStopping = false;
  const store = config.S3_BUCKET ? outside.store : null;
  const readiness = createReadiness({
    db,
    cache,
    acuity,
    sync,
    store,
    scanner,
    isStopping: () => isStopping,
  });
  const { doctor, probeTokens } = composeDoctor(
    config,
    { db, cache, store, acuity, specialists, mapping, sync, clock },
    overrides.doctor,
  );
  const services: System['services'] = {
    ...ground,
    config,
    accounts,
    impersonation,
    merges: createMergeService(ground),
    bulkActions: createBulkActions(ground),
    bulkWork,
    specialists: keptSpecialists,
    profileFiles: createProfileFiles({ ...ground, store: outside.store, scanner }),
    reportWaits: createReportWaits(ground),
    availability,
    nextFree,
    nextFreeFiller,
    questions: keptQuestions,
    mapping,
    drafts,
    bookings,
    instructions: createExamineeInstructions({
      ...ground,
      countSent: (personId) => limits.count('instructions', personId),
    }),
    messages: createMessages({
      ...ground,
      announce,
      countSent: (personId) => limits.count('message', personId),
    }),
    sameExaminee: createSameExaminee(ground),
    bookingList: createBookingList(ground),
    calendarFeeds: createCalendarFeeds({
      ...ground,
      accountStatus: (userId) => accounts.accountStatus(userId),
      countRead: (subject) => limits.count('calendar_feed', subject),
    }),
    bookingNeeds,
    upcomingBookings: createUpcomingBookings(ground),
    recentBookings: createRecentBookings(ground),
    attempts,
    waitList,
    waitListOffers,
    paperwork,
    settlement,
    convergence,
    webhooks,
    sync,
    documents: createDocumentService(documentDeps),
    documentCare,
    uploadStorage: outside.uploads,
    mailPreferences: createMailPreferences({ ...ground, stopLinks }),
    imports,
    restoring,
    doctor,
    probeTokens,
    readiness,
    meters,
    acuity,
    cache,
    scanner,
  };

  return {
    app: createApp(services),
    services,
    worker,
    relay,
    relayWorker,
    readiness,
    beginStop() {
      isStopping = true;
    },
    async close() {
      outside.store.close();
      await Promise.all([db.destroy(), pool.end(), cache.close()]);
    },
  };
}
