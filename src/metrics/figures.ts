// What the database says of the whole system: what waits and since when, what was done last, who works. One query, by
// indexes alone, and once in some seconds however many ask: it must cost as little with a million bookings.
import { Gauge, type Registry } from 'prom-client';
import type { Database } from '../db/knex.ts';
import { liveWorkers } from '../db/signs-of-life.ts';
import { withTimeout } from '../lib/timeout.ts';
import { lastReconciled } from '../sync/index.ts';

const freshMs = 5_000;
const patienceMs = 3_000;
/** Counting stops there: more is no other news. */
const countedTo = 10_000;

const jobs = 'graphile_worker._private_jobs';
/**
 * What waits for a worker or for staff. `since`: when the oldest began to wait, if its age says something; `order`:
 * finds it first, if not `since` itself.
 */
const waiting: Record<string, { from: string; since?: string; order?: string }> = {
  open_attempts: { from: `booking_attempts where state = 'open'`, since: 'created_at' },
  queued_emails: { from: `emails where status = 'queued'`, since: 'created_at' },
  failed_emails: { from: `emails where status = 'failed'` },
  waiting_events: { from: `webhook_events where state in ('waiting', 'delivering')`, since: 'received_at' },
  dead_events: { from: `webhook_events where state = 'dead'` },
  checking_documents: {
    from: `documents where status = 'checking' and deleted_at is null`,
    since: 'created_at',
  },
  damaged_documents: { from: 'documents where damaged_at is not null and deleted_at is null' },
  jobs: { from: jobs },
  due_jobs: {
    from: `${jobs} where locked_at is null and attempts < max_attempts and run_at < now()`,
    since: 'run_at',
  },
  dead_jobs: { from: `${jobs} where attempts >= max_attempts and locked_at is null` },
  unsealed_audit_rows: {
    from: 'audit_log where id > coalesce((select max(to_id) from audit_seals), 0)',
    since: 'at',
    order: 'id',
  },
};

/** When it last went well; no row: never. */
const last: Record<string, string> = {
  audit_seal: 'select sealed_at from audit_seals order by id desc limit 1',
  reconciliation: lastReconciled(),
  full_reconciliation: lastReconciled('all'),
  subscription_check: 'select max(checked_at) from webhook_subscriptions',
  webhook_event: `select received_at from webhook_events where state <> 'refused' order by received_at desc limit 1`,
  custody_check: 'select finished_at from custody_reports order by started_at desc limit 1',
};

/** What `what` may be, by metric: the alerts name some (docs/alerts.yml). */
export const figureNames = {
  examdesk_waiting: Object.keys(waiting),
  examdesk_oldest_waiting_age_seconds: Object.keys(waiting).filter((what) => waiting[what]?.since),
  examdesk_last_success_timestamp_seconds: Object.keys(last),
};

export const figuresQuery = [
  ...Object.entries(waiting).map(
    ([what, { from, since, order = since }]) =>
      `select 'waiting' as kind, '${what}' as what, count(*)::float8 as value,
              extract(epoch from clock_timestamp() - min(since))::float8 as age
         from (select ${since ?? 'null::timestamptz'} as since from ${from}
               ${order ? `order by ${order}` : ''} limit ${countedTo}) counted`,
  ),
  ...Object.entries(last).map(
    ([what, at]) => `select 'last', '${what}', extract(epoch from (${at}))::float8, null::float8`,
  ),
].join(' union all ');

interface Figure {
  kind: 'waiting' | 'last';
  what: string;
  value: number | null;
  age: number | null;
}

export interface Figures {
  /** Sets the gauges as the database has them now, or had a few seconds ago. Never fails. */
  refresh(): Promise<void>;
}

export function createFigures(db: Database, registry: Registry): Figures {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const up = gauge('examdesk_database_up', 'Whether the database answered just now');
  const counts = gauge('examdesk_waiting', `What waits for a worker or for staff, counted to ${countedTo}`, [
    'what',
  ]);
  const ages = gauge('examdesk_oldest_waiting_age_seconds', 'How long the oldest of it has waited; 0: none', [
    'what',
  ]);
  const times = gauge('examdesk_last_success_timestamp_seconds', 'When it last went well; missing: never', [
    'what',
  ]);
  const workers = gauge('examdesk_workers', 'Processes that gave a sign of life in the last 45 seconds', [
    'kind',
  ]);
  const ofDatabase = [counts, ages, times, workers];
  let read: { at: number; done: Promise<void> } | null = null;

  async function readNow(): Promise<void> {
    try {
      const [{ rows }, live] = await withTimeout(
        Promise.all([db.raw<{ rows: Figure[] }>(figuresQuery), liveWorkers(db)]),
        patienceMs,
        () => {
          throw new Error('The database took too long to say what waits');
        },
      );
      for (const one of ofDatabase) one.reset();
      for (const { kind, what, value, age } of rows) {
        if (kind === 'last') {
          if (value !== null) times.set({ what }, value);
          continue;
        }
        counts.set({ what }, value ?? 0);
        if (waiting[what]?.since) ages.set({ what }, Math.max(0, age ?? 0));
      }
      for (const [kind, count] of Object.entries(live)) workers.set({ kind }, count);
      up.set(1);
    } catch {
      // Sends no figures: old ones would say that all is well. The gauge tells that the database did not answer.
      for (const one of ofDatabase) one.reset();
      up.set(0);
    }
  }

  return {
    refresh() {
      if (!read || performance.now() - read.at > freshMs) read = { at: performance.now(), done: readNow() };
      return read.done;
    },
  };
}
