// The only place that creates an Intl.DateTimeFormat (a lint rule checks). Each costs about 40 KB of native memory,
// which the garbage collector neither counts nor frees in time, and takes a hundred times longer than one call to
// format().

const maxFormats = 500;
const maxTexts = 500;
/** Callers pass the same object each time: its text is made once. */
const texts = new WeakMap<Intl.DateTimeFormatOptions, string>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when `timeZone` is not a zone that this machine knows. */
export function dateFormat(
  locale: string,
  timeZone: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${textOf(options)}`;
  const format = formats.get(key) ?? remembering(new Intl.DateTimeFormat(locale, { ...options, timeZone }));
  // Moves the key to the end: the first key is the least recently used.
  formats.delete(key);
  formats.set(key, format);
  // Readers' browsers name the zone, in any letter case, so the number of keys is unbounded.
  if (formats.size > maxFormats) formats.delete(formats.keys().next().value ?? key);
  return format;
}

/** Lists show the same instants again and again: `format` remembers what it made of them. */
function remembering(made: Intl.DateTimeFormat): Intl.DateTimeFormat {
  const format = made.format.bind(made);
  const known = new Map<number, string>();
  const remembered: Intl.DateTimeFormat['format'] = (at) => {
    const ms = Number(at ?? Date.now());
    let text = known.get(ms);
    if (text === undefined) {
      text = format(ms);
      if (known.size >= maxTexts) known.clear();
      known.set(ms, text);
    }
    return text;
  };
  return Object.defineProperty(made, 'format', { value: remembered });
}

function textOf(options: Intl.DateTimeFormatOptions): string {
  let text = texts.get(options);
  if (text === undefined) {
    text = JSON.stringify(options);
    texts.set(options, text);
  }
  return text;
}
