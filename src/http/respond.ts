import type { Request } from 'express';

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
