// Whether this instance can take requests: what /readyz answers.
import type { ConnectionAttention, ConnectionTrouble, SyncService } from '../sync/index.ts';
import type { Database } from '../db/knex.ts';
import { tryJob } from '../db/privileges.ts';
import { liveWorkers } from '../db/signs-of-life.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Cache } from '../ports/cache.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Scanner } from '../ports/scanner.ts';

export type CheckState = 'ok' | 'degraded' | 'down' | 'not_configured';
/** The state of everything that the instance needs. */
export interface Readiness {
  checks: Record<'database' | 'cache' | 'storage' | 'acuity', CheckState> & {
    /** `no worker`: jobs are stored, but no process runs them. */
    jobs: CheckState | 'no worker';
  };
  details: {
    /** The process is stopping: send no new requests. */
    stopping: boolean;
    /** `not_configured`: uploads are not scanned. */
    scanner: CheckState;
    /** Processes with a recent sign of life that run jobs, and that deliver events. */
    workers?: Record<'jobs' | 'relay', number>;
    /** Whether Acuity reports changes to us. It never makes the instance unready. */
    connection?: {
      attention: ConnectionAttention | null;
      trouble: ConnectionTrouble | null;
      checkedAt: string | null;
      lastEventAt: string | null;
    };
    /** Our webhooks in Acuity; `repaired`: what the last check repaired. */
    webhooks?: { event: string; repaired: string | null; checkedAt: string | null }[];
  };
}

const patienceMs = 3_000;
/** Acuity limits our calls: a probe every second must not use ten percent of them. */
const acuityCheckMs = 20_000;
const scannerCheckMs = 20_000;
/** The trial job is rolled back, but leaves a dead row for vacuum. */
const trialJobMs = 60_000;

export interface ReadinessDeps {
  db: Database;
  cache: Cache;
  acuity: Acuity;
  sync: Pick<SyncService, 'connection'>;
  /** Null: not configured. */
  store: ObjectStore | null;
  /** Null: not configured. */
  scanner: Scanner | null;
  isStopping: () => boolean;
}

export function createReadiness({ db, cache, acuity, store, scanner, sync, isStopping }: ReadinessDeps) {
  let lastAcuityCheck: { state: CheckState; at: number } | null = null;
  let jobTriedAt: number | null = null;
  let lastScannerCheck: { state: CheckState; at: number } | null = null;

  async function acuityState(): Promise<CheckState> {
    if (lastAcuityCheck && performance.now() - lastAcuityCheck.at < acuityCheckMs)
      return lastAcuityCheck.state;
    const answer = await within(acuity.ping());
    // Pages continue with times up to an hour old, so the instance stays ready while Acuity is down.
    const state: CheckState = answer?.ok ? 'ok' : 'degraded';
    lastAcuityCheck = { state, at: performance.now() };
    return state;
  }

  /** `down` without the queue: each booking adds a job in its transaction. */
  async function queueState(): Promise<CheckState> {
    if (jobTriedAt !== null && performance.now() - jobTriedAt < trialJobMs)
      return stateOf(db.raw('select 1 from graphile_worker.jobs limit 1'), 'down');
    const state = await stateOf(tryJob(db), 'down');
    jobTriedAt = state === 'ok' ? performance.now() : null;
    return state;
  }

  /** Documents wait for the scanner; everything else continues. */
  async function scannerState(): Promise<CheckState> {
    if (!scanner) return 'not_configured';
    if (lastScannerCheck && performance.now() - lastScannerCheck.at < scannerCheckMs)
      return lastScannerCheck.state;
    const state = await stateOf(scanner.ping(), 'degraded');
    lastScannerCheck = { state, at: performance.now() };
    return state;
  }

  return async (): Promise<Readiness> => {
    const [database, cacheState, storage, acuityNow, queue, workers, scannerNow, connection] =
      await Promise.all([
        stateOf(db.raw('select 1'), 'down'),
        stateOf(cache.ping(), 'degraded'),
        // Bookings continue without documents.
        store ? stateOf(store.ping(), 'degraded') : ('not_configured' as const),
        acuityState(),
        queueState(),
        within(liveWorkers(db)),
        scannerState(),
        within(sync.connection()),
      ]);
    // Pages and bookings continue; mails, settling and reconciliation wait for a worker.
    const jobs = queue === 'ok' && workers?.jobs === 0 ? ('no worker' as const) : queue;
    return {
      checks: { database, cache: cacheState, storage, acuity: acuityNow, jobs },
      details: {
        stopping: isStopping(),
        scanner: scannerNow,
        ...(workers && { workers }),
        ...(connection && {
          connection: {
            attention: connection.attention,
            trouble: connection.trouble,
            checkedAt: connection.checkedAt?.toISOString() ?? null,
            lastEventAt: connection.lastEventAt?.toISOString() ?? null,
          },
          webhooks: connection.webhooks.map(({ event, repaired, checkedAt }) => ({
            event,
            repaired,
            checkedAt: checkedAt?.toISOString() ?? null,
          })),
        }),
      },
    };
  };
}

async function stateOf(check: PromiseLike<unknown>, otherwise: CheckState): Promise<CheckState> {
  return (await within(Promise.resolve(check).then(() => true))) ? 'ok' : otherwise;
}

/** The result, or null when the check failed or took too long. */
async function within<T>(check: Promise<T>): Promise<T | null> {
  return withTimeout<T | null>(
    check.catch(() => null),
    patienceMs,
    () => null,
  );
}
