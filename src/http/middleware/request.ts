// Gives each request an id, and logs one line when it ends.
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { requestIdOf, routeNameOf, viewerOf } from '../actor.ts';
import { paths } from '../paths.ts';

const wellFormedId = /^[\w.-]{8,64}$/;

/**
 * Keeps a well-formed X-Request-Id of a trusted proxy, so that one id can be followed through several systems. It is not
 * accepted from others, who could make their requests look like somebody else's in the logs and in the audit log.
 */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  const isKept = given !== undefined && wellFormedId.test(given) && isFromTrustedProxy(req);
  res.locals.requestId = isKept ? given : randomUUID();
  res.setHeader('X-Request-Id', requestIdOf(res));
  next();
};

/** By Express's own rule for X-Forwarded-For (TRUST_PROXY): whether the peer is one of the proxies. */
function isFromTrustedProxy(req: Request): boolean {
  const isTrusted = req.app.get('trust proxy fn') as (address: string | undefined, hops: number) => boolean;
  return isTrusted(req.socket.remoteAddress, 0);
}

/** The value for Express's `trust proxy`. */
export function trustedProxies({ TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>): number | string | false {
  if (TRUST_PROXY === undefined) return false;
  return /^\d+$/.test(TRUST_PROXY) ? Number(TRUST_PROXY) : TRUST_PROXY;
}

/** Warns once when a proxy forwards requests but none is trusted: all clients then share one address and its limits. */
export function noteForwarded({ TRUST_PROXY }: Pick<Config, 'TRUST_PROXY'>, log: Logger): RequestHandler {
  let isWarned = TRUST_PROXY !== undefined;
  return (req, _res, next) => {
    const isForwarded = (req.headers['x-forwarded-for'] ?? req.headers.forwarded) !== undefined;
    // The system check sends this header itself (src/doctor/web.checks.ts).
    if (!isWarned && isForwarded && req.path !== paths.doctorProbe()) {
      isWarned = true;
      log.warn(
        'A proxy passed this request on, but TRUST_PROXY is unset: everybody counts as one address, in the limits of tries and in the audit log. Set TRUST_PROXY to the number of proxies in front, or to their addresses',
      );
    }
    next();
  };
}

const probes: readonly string[] = [paths.health(), paths.ready()];

/** A proxy checks our health every other second, so a successful check is logged only at the level debug. */
function levelOf({ path }: Request, { statusCode }: Response): 'error' | 'info' | 'debug' {
  if (statusCode >= 500) return 'error';
  return statusCode < 400 && probes.includes(path) ? 'debug' : 'info';
}

/** Logs the route's pattern, never the URL: URLs contain ids and search words. */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    res.on('close', () => {
      const ms = performance.now() - start;
      log[levelOf(req, res)](
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
