// Checks and cleans text that people type or paste.

// Control characters, surrogates, and characters that hide text or change its direction.
const inLines = /[\p{Cc}\p{Cs}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/u;
const inProse = /[\p{Cs}\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u;

/** Normalises to NFC, trims, and writes line ends as `\n`. */
export function tidyText(value: string): string {
  return value.replaceAll(/\r\n?/g, '\n').normalize('NFC').trim();
}

/** Characters that nobody types on purpose. `prose` may have line ends and tabs. */
export function hasInvisible(value: string, kind: 'line' | 'prose'): boolean {
  return (kind === 'line' ? inLines : inProse).test(value);
}
