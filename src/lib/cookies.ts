// Reads cookies of a request.

/**
 * The decoded value of a cookie; null without one. Of several with one name the first counts; quotes around a value are
 * not part of it.
 * @param cookies the header Cookie
 */
export function readCookie(cookies: string | null | undefined, name: string): string | null {
  for (const pair of (cookies ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at === -1 || pair.slice(0, at).trim() !== name) continue;
    const value = pair.slice(at + 1).trim();
    return decodeCookie(value.startsWith('"') ? value.slice(1, -1) : value);
  }
  return null;
}

/** Empty when it is not encoded as cookies are. */
export function decodeCookie(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}
