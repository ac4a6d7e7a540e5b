import type { Request, Response } from 'express';

/**
 * Whether the client is a program. It says so in `Accept`; one that accepts anything is taken at the word of the
 * body it sends, and as a person when it sends none.
 */
export function wantsJson(req: Request): boolean {
  const accept = req.get('accept');
  if (accept === undefined || accept.trim() === '*/*')
    return req.is('json') !== false && req.is('json') !== null;
  return req.accepts(['html', 'json']) === 'json';
}

/** Whether htmx asks for a fragment. Never ask HX-Request: a history restore carries it not, see front.md. */
export function wantsFragment(req: Request): boolean {
  return req.get('HX-Request-Type') === 'partial';
}

/**
 * Whether the page asked by itself, on a timer, and nobody at the keyboard did: it keeps no session awake. Whatever has
 * a timer in views/ or public/js/ says so.
 */
export function isByItself(req: Request): boolean {
  return req.get('X-By-Itself') === 'true';
}

/** The same, for a part of itself: all that a timer of a page asks for. */
export function isPoll(req: Request): boolean {
  return isByItself(req) && wantsFragment(req);
}

/** @param cookies Set-Cookie lines */
export function setCookies(res: Response, cookies: string[]): void {
  for (const cookie of cookies) res.append('Set-Cookie', cookie);
}
