// Figures for whoever runs the system, in Prometheus' text: of this process, and of the database that all share.
// Labels are routes' patterns, names of jobs and outcomes: never an id, never a name, never what somebody typed.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../db/knex.ts';
import { createFigures } from './figures.ts';

export interface PoolUse {
  used: number;
  idle: number;
  /** Requests that wait for a connection. */
  waiting: number;
}

export interface Meters {
  contentType: string;
  /** Never fails: with the database away its figures are missing, and `examdesk_database_up` is 0. */
  text(): Promise<string>;
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  acuity: {
    answered(labels: { method: string; route: string; outcome: string }, seconds: number): void;
    /** For its turn within what Acuity allows; `isGranted`: false when it would have taken too long. */
    waited(lane: string, isGranted: boolean, seconds: number): void;
    breaker(isOpen: boolean): void;
  };
  /** `task`: the job's name; `job` is Prometheus's own word. */
  job(labels: { task: string; outcome: 'done' | 'failed' | 'given_back' }, seconds: number): void;
}

let known: Registry | undefined;

/** Once for a process, however many apps it has: a timer of 10 ms and an observer of V8 that nothing can stop. */
function processMetrics(): Registry {
  if (known) return known;
  known = new Registry();
  collectDefaultMetrics({ register: known });
  return known;
}

/** @param pools connections of this process, looked at when somebody asks */
export function createMeters(db: Database, pools: Record<string, () => PoolUse>): Meters {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const calls = new Histogram({
    name: 'examdesk_acuity_call_duration_seconds',
    help: 'Calls to Acuity by route and outcome, waiting for the quota included',
    labelNames: ['method', 'route', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers,
  });
  const waits = new Histogram({
    name: 'examdesk_acuity_quota_wait_seconds',
    help: 'How long calls to Acuity waited for their turn; refused: longer than the call may take',
    labelNames: ['lane', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const breaker = new Gauge({
    name: 'examdesk_acuity_breaker_open',
    help: '1 while this process does not call Acuity because it fails',
    registers,
  });
  breaker.set(0);
  const breakerOpened = new Counter({
    name: 'examdesk_acuity_breaker_opened_total',
    help: 'How often this process stopped calling Acuity because it failed',
    registers,
  });
  const jobs = new Histogram({
    name: 'examdesk_job_duration_seconds',
    help: 'Runs of jobs by name and outcome',
    labelNames: ['task', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30, 120, 600],
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'examdesk_database_pool_connections',
      help: 'Connections of this process by pool and state; waiting: requests that wait for one',
      labelNames: ['pool', 'state'],
      registers: [],
      collect() {
        for (const [pool, look] of Object.entries(pools)) {
          const { used, idle, waiting } = look();
          for (const [state, count] of Object.entries({ used, idle, waiting }))
            this.set({ pool, state }, count);
        }
      },
    }),
  );
  const figures = createFigures(db, registry);
  const ofProcess = processMetrics();

  return {
    contentType: registry.contentType,
    async text() {
      await figures.refresh();
      return Registry.merge([ofProcess, registry]).metrics();
    },
    request: (labels, seconds) => requests.observe(labels, seconds),
    acuity: {
      answered: (labels, seconds) => calls.observe(labels, seconds),
      waited: (lane, isGranted, seconds) =>
        waits.observe({ lane, outcome: isGranted ? 'granted' : 'refused' }, seconds),
      breaker(isOpen) {
        breaker.set(isOpen ? 1 : 0);
        if (isOpen) breakerOpened.inc();
      },
    },
    job: (labels, seconds) => jobs.observe(labels, seconds),
  };
}
