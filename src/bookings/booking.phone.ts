// Reads phone numbers as people type them into how they are stored: E.164, with `;ext=` where they have an extension.
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { tidyLine } from '../lib/typed-text.ts';

const storedPhone = /^\+[1-9]\d{6,14}(;ext=\d{1,7})?$/;

/** False for text that somebody typed in Acuity and that could not be read as a number. */
export function isPhone(stored: string): boolean {
  return storedPhone.test(stored);
}

/** Null when the text is not exactly one number that can be called. */
export function readPhone(typed: string): string | null {
  if (typed.length > 200) return null;
  // The contacts app of a phone may wrap a copied number in direction overrides, which mean nothing for digits.
  const text = tidyLine(typed.replaceAll('\u202d', '').normalize('NFKC'))
    .replace(/^tel:\s*/i, '')
    .replace(/^\((\+\d{1,3})\)/, '$1')
    .replace(/^\+(?=00)/, '')
    .replace(/[[(]((?:ext|x|#)[^\])]*)[\])]$/i, '$1');
  // After a comma or semicolon alone it may be an extension, or the last digits of a second number.
  return /\d\s*[,;]\s*\d/.test(text) ? null : parsePhone(text);
}

/**
 * `00` and Australia's `0011` mean the plus of an international number. An extension longer than seven digits is taken
 * for a second number in the same box.
 */
export function parsePhone(text: string): string | null {
  if (text.length > 60) return null;
  const international = text.replace(/^\(?(0011|00)\)?[\s-]*(?=[1-9])/, '+');
  const parsed = parsePhoneNumberFromString(international, { defaultCountry: 'AU', extract: false });
  if (!parsed?.isValid()) return null;
  const phone = parsed.ext ? `${parsed.number};ext=${parsed.ext}` : parsed.number;
  return isPhone(phone) ? phone : null;
}
