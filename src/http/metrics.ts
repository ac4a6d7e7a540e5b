import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Config } from '../config.ts';
import type { Meters } from '../metrics/index.ts';
import { routeNameOf } from './actor.ts';
import { notFound, Problem } from './problem.ts';

/** Times every request; `route` is the pattern it matched. */
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

/** Without a token production shows its figures to nobody. */
export function areMetricsClosed({ METRICS_TOKEN, NODE_ENV }: MetricsConfig): boolean {
  return METRICS_TOKEN === undefined && NODE_ENV === 'production';
}

/** GET /metrics. 401 when a token is wanted and another, or none, is sent; 404 where it is closed. */
export function answerMetrics(
  meters: Pick<Meters, 'contentType' | 'text'>,
  config: MetricsConfig,
): RequestHandler {
  const token = config.METRICS_TOKEN;
  return async (req, res) => {
    if (areMetricsClosed(config)) throw notFound();
    if (token !== undefined && !carries(req, token)) {
      throw new Problem('not_signed_in', 'Send the token of METRICS_TOKEN as a bearer token.');
    }
    res.type(meters.contentType).send(await meters.text());
  };
}

function carries(req: Request, token: string): boolean {
  const given = Buffer.from(req.get('authorization') ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
