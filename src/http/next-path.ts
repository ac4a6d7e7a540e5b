const base = 'http://examdesk.invalid';
const mostLetters = 2000;

/**
 * A page of this site to redirect to, from text that a request brought along; null when it is none. Parsing removes dot
 * segments, which can leave a path that begins with `//` and so names another host. Therefore the path that is returned
 * is checked as well, not only the text that was given.
 */
export function safeNext(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > mostLetters) return null;
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(given)) return null;
  const path = pathAndQuery(given);
  const isStable = path.length <= mostLetters && !path.startsWith('//') && pathAndQuery(path) === path;
  // The sign-in page would send its reader round in a circle.
  return isStable && !/^\/sign-(in|out)\/?(\?|$)/i.test(path) ? path : null;
}

function pathAndQuery(path: string): string {
  const { pathname, search } = new URL(path, base);
  return pathname + search;
}
