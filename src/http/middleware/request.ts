// The first thing that happens to a request: a number to speak about it, and one line in the log when it is over.
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { requestIdOf, routeNameOf, viewerOf } from '../actor.ts';

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
