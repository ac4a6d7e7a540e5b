// Figures for whoever runs the system, in Prometheus' text. Labels are routes' patterns and outcomes: never an id, never a name.
import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../db/knex.ts';
import { routeNameOf } from './actor.ts';
import { Problem } from './problem.ts';

export interface Metrics {
  /** Times every request; `route` is the pattern it matched. */
  watch: RequestHandler;
  /** GET /metrics. 401 when a token is wanted and another, or none, is sent. */
  answer: RequestHandler;
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What waits in the database, a row a queue: counted when somebody looks. */
const waiting = `
  select 'open_intentions' as what, count(*)::int as n from booking_intentions where state = 'open'
  union all select 'queued_emails', count(*)::int from emails where status = 'queued'
  union all select 'failed_emails', count(*)::int from emails where status = 'failed'
  union all select 'checking_documents', count(*)::int from documents where status = 'checking' and deleted_at is null
  union all select 'damaged_documents', count(*)::int from documents where damaged_at is not null and deleted_at is null
  union all select 'jobs', count(*)::int from graphile_worker._private_jobs
  union all select 'dead_jobs', count(*)::int from graphile_worker._private_jobs where attempts >= max_attempts`;

export function createMetrics(db: Database, token: string | undefined): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers: [registry],
  });
  registry.registerMetric(
    new Gauge({
      name: 'examdesk_waiting',
      help: 'Rows that wait for a worker or for staff, by kind',
      labelNames: ['what'],
      registers: [],
      async collect() {
        const { rows } = await db.raw<{ rows: { what: string; n: number }[] }>(waiting);
        for (const { what, n } of rows) this.set({ what }, n);
      },
    }),
  );
  return {
    watch(req, res, next) {
      const time = duration.startTimer({ method: req.method });
      res.on('close', () => {
        time({ route: routeNameOf(res), status: res.statusCode });
      });
      next();
    },
    async answer(req, res) {
      if (token !== undefined && !carries(req, token)) {
        throw new Problem('not_signed_in', 'Send the token of METRICS_TOKEN as a bearer token.');
      }
      res.type(registry.contentType).send(await registry.metrics());
    },
  };
}

function carries(req: Request, token: string): boolean {
  const given = Buffer.from(req.get('authorization') ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
