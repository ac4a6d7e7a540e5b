// The first thing that happens to a request: a number to speak about it, and one line in the log when it is over.
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { requestIdOf, routeNameOf, viewerOf } from '../actor.ts';
import { paths } from '../paths.ts';

const saneId = /^[\w.-]{8,64}$/;

/** A caller's X-Request-Id is kept when it is harmless, so that one id can be followed through several systems. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  res.locals.requestId = given && saneId.test(given) ? given : randomUUID();
  res.set('X-Request-Id', requestIdOf(res));
  next();
};

/** better-auth reads the client's address from this header; whatever a client put there is replaced. */
export const clientAddress: RequestHandler = (req, _res, next) => {
  req.headers['x-client-ip'] = req.ip ?? '';
  next();
};

/** For Express's `trust proxy`. */
export function trustedProxies({ TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>): number | string | false {
  if (TRUST_PROXY === undefined) return false;
  return /^\d+$/.test(TRUST_PROXY) ? Number(TRUST_PROXY) : TRUST_PROXY;
}

/** Warns once when a proxy passed a request on and none is trusted: then all people share one address, and its limits. */
export function noteForwarded({ TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>, log: Logger): RequestHandler {
  let isNoted = TRUST_PROXY !== undefined;
  return (req, _res, next) => {
    const isForwarded = (req.headers['x-forwarded-for'] ?? req.headers.forwarded) !== undefined;
    // Our own checks claim to come from elsewhere (src/doctor/web.checks.ts).
    if (!isNoted && isForwarded && req.path !== paths.doctorProbe()) {
      isNoted = true;
      log.warn(
        'A proxy passed this request on, but TRUST_PROXY is unset: everybody counts as one address, in the limits of tries and in the audit log. Set TRUST_PROXY to the number of proxies in front, or to their addresses',
      );
    }
    next();
  };
}

/** The route's pattern, never the address itself: addresses carry ids and search words. */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    res.on('close', () => {
      const ms = performance.now() - start;
      log[res.statusCode >= 500 ? 'error' : 'info'](
        {
          requestId: requestIdOf(res),
          method: req.method,
          route: routeNameOf(res),
          status: res.statusCode,
          ms: Math.round(ms),
          viewerId: viewerOf(res)?.userId,
          ...(res.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}
