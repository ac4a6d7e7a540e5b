// The only place that makes an Intl.DateTimeFormat (a lint rule holds it). One costs about 40 KB of native memory, which
// the garbage collector neither sees nor frees in time, and a hundred times the time of one call to format().

const mostKept = 500;
const kept = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when `timeZone` is not a zone that this machine knows. */
export function dateFormat(
  locale: string,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`;
  const format = kept.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone });
  // Moves the key to the end: the first key is the one not used for longest.
  kept.delete(key);
  kept.set(key, format);
  // Readers name their zone, in any case of letters, so the number of keys has no natural end.
  if (kept.size > mostKept) kept.delete(kept.keys().next().value ?? key);
  return format;
}
