/**
 * Where to go after signing in: a path of our own, or null. `//host`, backslashes, control characters and whole
 * addresses lead elsewhere; the sign-in page itself would lead round in a circle.
 */
export function safeNext(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > 2000) return null;
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(given)) return null;
  const { origin, pathname, search } = new URL(given, 'http://examdesk.invalid');
  if (origin !== 'http://examdesk.invalid' || /^\/sign-(in|out)$/.test(pathname)) return null;
  return pathname + search;
}
