import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Meters } from '../metrics/index.ts';
import { routeNameOf } from './actor.ts';
import { Problem } from './problem.ts';

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

/** GET /metrics. 401 when a token is wanted and another, or none, is sent. */
export function answerMetrics(
  meters: Pick<Meters, 'contentType' | 'text'>,
  token: string | undefined,
): RequestHandler {
  return async (req, res) => {
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
