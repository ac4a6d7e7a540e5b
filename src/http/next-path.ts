import type { Request } from 'express';

const base = 'http://examdesk.invalid';
const maxLength = 2000;

/**
 * The path of a page on this site, from a parameter of a request; null when it is not one. Parsing removes dot
 * segments, which can leave a path that begins with `//` and so names another host. Therefore the path that is returned
 * is checked as well, not only the text that was given.
 */
export function safeNext(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > maxLength) return null;
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(given)) return null;
  const path = pathAndQuery(given);
  const isStable = path.length <= maxLength && !path.startsWith('//') && pathAndQuery(path) === path;
  // The sign-in page would redirect to itself.
  return isStable && !/^\/sign-(in|out)\/?(\?|$)/i.test(path) ? path : null;
}

/** The page of this site that the request names as its referrer. */
export function refererPath(req: Request): string | null {
  const referer = req.get('referer') ?? '';
  const from = URL.canParse(referer) ? new URL(referer) : null;
  const isOurs = from !== null && from.host === req.get('host');
  return isOurs ? safeNext(from.pathname + from.search) : null;
}

function pathAndQuery(path: string): string {
  const { pathname, search } = new URL(path, base);
  return pathname + search;
}
