import type { Request, Response } from 'express';
import type { Actor, ActingEpisode, Accounts, Viewer } from '../accounts/index.ts';
import type { RequestFacts } from '../audit/index.ts';
import { notSignedIn } from './problem.ts';

/** What middleware stores in `res.locals`. */
interface RequestLocals {
  viewer?: Viewer | null;
  /** Seconds until the session ends, unless another request comes. */
  sessionLeft?: number;
  /** The browser still has the cookie of a session that is over. */
  hasSessionEnded?: boolean;
  /** While somebody acts. */
  episode?: ActingEpisode | null;
  requestId?: string;
  /** The pattern of the route that answers. */
  route?: string;
}

export function viewerOf(res: Response): Viewer | null {
  return (res.locals as RequestLocals).viewer ?? null;
}

export function sessionLeftOf(res: Response): number {
  return (res.locals as RequestLocals).sessionLeft ?? 0;
}

export function hasSessionEnded(res: Response): boolean {
  return (res.locals as RequestLocals).hasSessionEnded ?? false;
}

export function episodeOf(res: Response): ActingEpisode | null {
  return (res.locals as RequestLocals).episode ?? null;
}

/** For better-auth, which reads the client's address from `x-client-ip`; a value sent by the client is replaced. */
export function headersOf(req: Request): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(req.headers))
    for (const one of [value].flat()) headers.append(name, one);
  headers.set('x-client-ip', req.ip ?? '');
  return headers;
}

/** The parts of the request that tell who is signed in. */
export function sessionRequest(req: Request): Parameters<Accounts['viewer']>[0] {
  return { cookie: req.headers.cookie, headers: () => headersOf(req) };
}

export function requestIdOf(res: Response): string {
  return (res.locals as RequestLocals).requestId ?? '';
}

/** The route's pattern, for logs and metrics: URLs contain ids and search words. */
export function routeNameOf(res: Response): string {
  return (res.locals as RequestLocals).route ?? 'unmatched';
}

export function requestFacts(req: Request, res: Response): RequestFacts {
  return { requestId: requestIdOf(res), ip: req.ip ?? null, userAgent: req.get('user-agent') ?? null };
}

/** @throws Problem `not_signed_in` */
export function actorOf(req: Request, res: Response): Actor {
  const viewer = viewerOf(res);
  if (!viewer) throw notSignedIn();
  return { viewer, request: requestFacts(req, res) };
}
