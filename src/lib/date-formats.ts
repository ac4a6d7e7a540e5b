// The only place that creates an Intl.DateTimeFormat (a lint rule checks). Each costs about 40 KB of native memory, which
// the garbage collector neither counts nor frees in time, and takes a hundred times longer than one call to format().

const maxFormats = 500;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when `timeZone` is not a zone that this machine knows. */
export function dateFormat(
  locale: string,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${JSON.stringify(options)}`;
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone });
  // Moves the key to the end: the first key is the least recently used.
  formats.delete(key);
  formats.set(key, format);
  // Readers' browsers name the zone, in any letter case, so the number of keys is unbounded.
  if (formats.size > maxFormats) formats.delete(formats.keys().next().value ?? key);
  return format;
}
