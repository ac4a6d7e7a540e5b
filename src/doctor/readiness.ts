// Whether this instance can take requests: what /readyz answers.
import type { ConnectionAttention, ConnectionTrouble, SyncService } from '../sync/index.ts';
import type { Database } from '../db/knex.ts';
import { tryJob } from '../db/privileges.ts';
import { liveWorkers } from '../db/signs-of-life.ts';
import type { Acuity } from '../ports/acuity.ts';
import type { Cache } from '../ports/cache.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Scanner } from '../ports/scanner.ts';

export type CheckState = 'ok' | 'degraded' | 'down' | 'not_configured';
/** One look at each thing the instance needs. */
export interface Readiness {
  checks: Record<'database' | 'cache' | 'storage' | 'acuity', CheckState> & {
    /** `no worker`: jobs are taken, and nobody works them. */
    jobs: CheckState | 'no worker';
  };
  details: {
    /** The process was told to stop: send no new requests. */
    stopping: boolean;
    /** `not_configured`: uploads are not scanned. */
    scanner: CheckState;
    /** Processes that gave a sign of life lately: that work jobs, that deliver events. */
    workers?: Record<'jobs' | 'relay', number>;
    /** Whether Acuity tells us of changes. Never a reason to send no requests here. */
    connection?: {
      attention: ConnectionAttention | null;
      trouble: ConnectionTrouble | null;
      checkedAt: string | null;
      lastEventAt: string | null;
    };
    /** Our webhooks in Acuity; `repaired`: what was wrong at the last look. */
    webhooks?: { event: string; repaired: string | null; checkedAt: string | null }[];
  };
}

const patienceMs = 3_000;
/** Acuity counts our calls; a probe every second must not be ten percent of them. */
const acuityMemoryMs = 20_000;
const scannerMemoryMs = 20_000;
/** A job that is tried is rolled back, but its row has to be cleaned up all the same. */
const jobMemoryMs = 60_000;

export interface ReadinessDeps {
  db: Database;
  cache: Cache;
  acuity: Acuity;
  sync: Pick<SyncService, 'connection'>;
  /** Null: none is set up. */
  store: ObjectStore | null;
  /** Null: none is set up. */
  scanner: Scanner | null;
  isStopping: () => boolean;
}

export function createReadiness({ db, cache, acuity, store, scanner, sync, isStopping }: ReadinessDeps) {
  let acuitySeen: { state: CheckState; at: number } | null = null;
  let jobTriedAt: number | null = null;
  let scannerSeen: { state: CheckState; at: number } | null = null;

  async function acuityState(): Promise<CheckState> {
    if (acuitySeen && performance.now() - acuitySeen.at < acuityMemoryMs) return acuitySeen.state;
    const answer = await within(acuity.ping());
    // Pages go on with times up to an hour old, so Acuity being down takes no instance out.
    const state: CheckState = answer?.ok ? 'ok' : 'degraded';
    acuitySeen = { state, at: performance.now() };
    return state;
  }

  /** Bookings cannot be made without it: a job is part of their transaction. */
  async function queueState(): Promise<CheckState> {
    if (jobTriedAt !== null && performance.now() - jobTriedAt < jobMemoryMs)
      return stateOf(db.raw('select 1 from graphile_worker.jobs limit 1'), 'down');
    const state = await stateOf(tryJob(db), 'down');
    jobTriedAt = state === 'ok' ? performance.now() : null;
    return state;
  }

  /** Documents wait for it; all else goes on. */
  async function scannerState(): Promise<CheckState> {
    if (!scanner) return 'not_configured';
    if (scannerSeen && performance.now() - scannerSeen.at < scannerMemoryMs) return scannerSeen.state;
    const state = await stateOf(scanner.ping(), 'degraded');
    scannerSeen = { state, at: performance.now() };
    return state;
  }

  return async (): Promise<Readiness> => {
    const [database, cacheState, storage, acuityNow, queue, workers, scannerNow, connection] =
      await Promise.all([
        stateOf(db.raw('select 1'), 'down'),
        stateOf(cache.ping(), 'degraded'),
        // Bookings go on without documents.
        store ? stateOf(store.ping(), 'degraded') : ('not_configured' as const),
        acuityState(),
        queueState(),
        within(liveWorkers(db)),
        scannerState(),
        within(sync.connection()),
      ]);
    // Pages and bookings go on; what jobs do (mails, settling, reconciliation) waits.
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

async function stateOf(look: PromiseLike<unknown>, otherwise: CheckState): Promise<CheckState> {
  return (await within(Promise.resolve(look).then(() => true))) ? 'ok' : otherwise;
}

/** What the look found, or null when it failed or took too long: both mean "not now". */
async function within<T>(look: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, patienceMs, null);
  });
  return Promise.race([look.catch(() => null), tooLong]).finally(() => clearTimeout(timer));
}
