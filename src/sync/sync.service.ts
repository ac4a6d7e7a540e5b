import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { Span } from '../following/index.ts';
import { shiftDays } from '../lib/dates.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import {
  connectAcuity,
  readConnection,
  readSetUp,
  type ConnectDeps,
  type ConnectFailure,
  type Connection,
  type ConnectionState,
} from './connection.ts';
import { firstSteps, troubleWords, type NextStep } from './connection.words.ts';
import {
  findReport,
  listItems,
  listReports,
  startReport,
  type DriftReport,
  type ReportedItem,
  type ReportKind,
} from './drift.repository.ts';
import { removeOldReports } from './drift.superseded.ts';
import { reconcile, resume, type Progress, type ReconcileDeps } from './reconcile.ts';
import { ensureSubscriptions, type SubscriptionDeps } from './subscriptions.ts';
import { resumeReconciliationJob } from './sync.jobs.ts';

export interface SyncService {
  /** Null when a run is in progress. */
  reconcile(
    wanted: Span & { fixes: boolean; tellsNobody?: boolean },
    onProgress?: Progress,
  ): Promise<DriftReport | null>;
  /**
   * An admin requests a run that repairs: stores its report at once; a worker does the run.
   * @param days a name of `spans`, as it was sent
   */
  requestRun(
    actor: Actor,
    days: unknown,
  ): Promise<Result<DriftReport, { reason: 'forbidden' | 'under_way' } | InvalidFields>>;
  /** For the job: does the requested run. */
  resume(): Promise<DriftReport | null>;
  /** For the job: reconciles and repairs the near weeks. */
  reconcileNear(): Promise<DriftReport | null>;
  reconcileAll(): Promise<DriftReport | null>;
  /** For the job: removes old reports that found nothing, and superseded items. Returns how many rows. */
  removeOld(): Promise<number>;
  reports(limit?: number): Promise<DriftReport[]>;
  report(id: string): Promise<DriftReport | null>;
  /** What a report found, by appointment. */
  items(reportId: string): Promise<ReportedItem[]>;
  /** The days that the regular reconciliations cover. */
  spans(): Spans;
  nearSpan(): Span;
  /** Makes missing webhooks in Acuity, and reads what else has to be set up. */
  connect(actor: Actor | null): Promise<Result<Connection, ConnectFailure>>;
  /** For the job: makes or repairs the webhooks, then reconciles what was missed meanwhile. */
  checkSubscriptions(): Promise<void>;
  /** The stored state of the connection; does not ask Acuity. */
  connection(): Promise<ConnectionState>;
  /** What an admin has to set up before anybody can book; does not ask Acuity. */
  firstSteps(): Promise<NextStep[]>;
}

/** `near`: the weeks around today. `all`: everything that can still change. */
export type Spans = Record<'near' | 'all', Span>;

export interface SyncDeps {
  jobs: JobQueue;
  reconciling: ReconcileDeps;
  subscribing: SubscriptionDeps;
  mapping: ConnectDeps['mapping'];
}

/** Acuity counts as silent when reconciliation found, within this time, a change that no event had announced. */
const silenceMs = 30 * 60_000;
const keptMs = 90 * 86_400_000;

export function createSyncService({ jobs, reconciling, subscribing, mapping }: SyncDeps): SyncService {
  const { db, clock, audit, acuity } = reconciling;
  const connecting: ConnectDeps = { db, clock, audit, acuity, mapping, subscribing };
  const today = () => clock.now().toISOString().slice(0, 10);
  const nearSpan = (): Span => ({ from: shiftDays(today(), -7), to: shiftDays(today(), 35) });
  const allSpan = (): Span => ({ from: shiftDays(today(), -90), to: shiftDays(today(), 400) });

  async function isSilent(): Promise<boolean> {
    const since = new Date(clock.now().getTime() - silenceMs);
    // Changes that a restore lost had been announced before it.
    const unannounced = await db('drift_items as i')
      .join('drift_reports as r', 'r.id', 'i.report_id')
      .where({ 'i.announced': false, 'r.tells_nobody': false })
      .whereIn('i.state', ['fixed', 'found'])
      .where('i.found_at', '>', since)
      .first('i.id');
    if (unannounced === undefined) return false;
    // The webhook was made within this time: the changes may be older than it.
    const recent = await db('webhook_subscriptions').where('created_at', '>', since).first('acuity_id');
    return recent === undefined;
  }

  return {
    nearSpan,
    reconcile: (wanted, onProgress) => reconcile(reconciling, { ...wanted, kind: 'manual' }, onProgress),
    spans: () => ({ near: nearSpan(), all: allSpan() }),
    async requestRun(actor, days) {
      if (days !== 'near' && days !== 'all') return invalidField('days', 'Choose which days');
      return requestRun({ jobs, reconciling }, actor, {
        ...(days === 'all' ? allSpan() : nearSpan()),
        // It covers the same days as the nightly run, so it counts as one.
        kind: days === 'all' ? 'all' : 'manual',
      });
    },
    resume: () => resume(reconciling),
    reconcileNear: () => reconcile(reconciling, { ...nearSpan(), kind: 'near', fixes: true }),
    reconcileAll: () => reconcile(reconciling, { ...allSpan(), kind: 'all', fixes: true }),
    removeOld: () => removeOldReports(db, new Date(clock.now().getTime() - keptMs)),
    reports: (limit) => listReports(db, limit),
    report: (id) => findReport(db, id),
    items: (reportId) => listItems(db, reportId),
    connect: (actor) => connectAcuity(connecting, actor),
    connection: () => readConnection(subscribing),
    firstSteps: async () => firstSteps(await readSetUp(connecting)),

    async checkSubscriptions() {
      const done = await ensureSubscriptions(subscribing, { silent: await isSilent() });
      if (!done.ok) {
        // Stored for /readyz and the console; the next check is in ten minutes.
        reconciling.log.warn(
          { reason: done.reason },
          `Our webhooks in Acuity could not be checked. ${troubleWords[done.reason]}`,
        );
        return;
      }
      if (done.value.repaired.length === 0) return;
      // No event arrived about changes in the meantime: compare everything near.
      await reconcile(reconciling, { ...nearSpan(), kind: 'gap', fixes: true });
    },
  };
}

/** An expired lease: if the job is lost, the next run takes the report over. */
const expiredLease = new Date(0);

async function requestRun(
  { jobs, reconciling: { db, audit, ids, clock } }: Pick<SyncDeps, 'jobs' | 'reconciling'>,
  actor: Actor,
  wanted: Span & { kind: ReportKind },
): ReturnType<SyncService['requestRun']> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  return db.transaction(async (trx): ReturnType<SyncService['requestRun']> => {
    const report = await startReport(trx, {
      ...wanted,
      id: ids.uuid(),
      fixes: true,
      startedAt: clock.now(),
      leaseUntil: expiredLease,
    });
    if (!report) return failure({ reason: 'under_way' });
    await jobs.add(resumeReconciliationJob, {}, { trx, key: resumeReconciliationJob.name });
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'drift_report',
      resourceId: report.id,
      metadata: { asked: 'reconcile' },
    });
    return ok(report);
  });
}
