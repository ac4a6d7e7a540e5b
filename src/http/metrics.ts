import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { Meters } from '../metrics/index.ts';
import { routeNameOf } from './actor.ts';
import { notFound, Problem } from './problem.ts';

/** Measures every request; `route` is the pattern it matched. */
export function timeRequests(meters: Pick<Meters, 'request'>): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    res.on('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000;
      meters.request({ method: req.method, route: routeNameOf(res), status: res.statusCode }, seconds);
    });
    next();
  };
}

type MetricsConfig = Pick<Config, 'METRICS_TOKEN' | 'NODE_ENV'>;

/** In production /metrics is closed unless METRICS_TOKEN is set. */
export function areMetricsClosed({ METRICS_TOKEN, NODE_ENV }: MetricsConfig): boolean {
  return METRICS_TOKEN === undefined && NODE_ENV === 'production';
}

/** GET /metrics. 401 when the bearer token is wrong or missing; 404 when metrics are closed. */
export function answerMetrics(
  meters: Pick<Meters, 'contentType' | 'text'>,
  config: MetricsConfig,
): RequestHandler {
  const token = config.METRICS_TOKEN;
  return async (req, res) => {
    if (areMetricsClosed(config)) throw notFound();
    if (token !== undefined && !hasToken(req, token)) {
      throw new Problem('not_signed_in', 'Send the token of METRICS_TOKEN as a bearer token.');
    }
    res.type(meters.contentType).send(await meters.text());
  };
}

function hasToken(req: Request, token: string): boolean {
  const given = Buffer.from(req.get('authorization') ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
