// A router for each first segment of a path: a request is matched only against the routes that share it.
import { Router, type RequestHandler } from 'express';

export interface SegmentRouters {
  /** The router for routes of this path. */
  of(path: string): Router;
  /** Passes requests on when no router has their first segment. `stack`: the routers, as Express lists them. */
  handle: RequestHandler & { stack: { handle: Router }[] };
}

export function segmentRouters(): SegmentRouters {
  const routers = new Map<string, Router>();
  const stack: { handle: Router }[] = [];
  const handle: RequestHandler = (req, res, next) => {
    const router = routers.get(firstSegment(req.path));
    if (router) router(req, res, next);
    else next();
  };
  return {
    of(path) {
      const segment = firstSegment(path);
      let router = routers.get(segment);
      if (!router) {
        router = Router();
        routers.set(segment, router);
        stack.push({ handle: router });
      }
      return router;
    },
    handle: Object.assign(handle, { stack }),
  };
}

/** `bookings` of `/Bookings/new`: routes ignore the case of letters. */
function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return path.slice(1, end === -1 ? undefined : end).toLowerCase();
}
