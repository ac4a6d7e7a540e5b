// Detects text: UTF-8, UTF-16 with a byte order mark, or Windows-1252.
import { TextDecoder } from 'node:util';

export interface TextCheck {
  /** False as soon as the bytes cannot be text. */
  update(bytes: Buffer): boolean;
  /** Call once, at the end. */
  isText(): boolean;
}

// Control characters except tab, line feed, form feed and carriage return.
const controls = new Uint8Array(256);
for (let code = 0; code < 32; code += 1) if (![9, 10, 12, 13].includes(code)) controls[code] = 1;
controls[0x7f] = 1;
/** Ctrl-Z, with which DOS programs mark the end of a text. Only further Ctrl-Z may follow. */
const endMark = 0x1a;
/** Bytes without a character in Windows-1252. */
const undefinedInWindows = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

export function createTextCheck(): TextCheck {
  let decoder: TextDecoder | null = null;
  let isWindows = false;
  let utf16: TextDecoder | null = null;
  let begun = false;
  let failed = false;
  let hasUndefined = false;
  let isMarked = false;

  const fail = () => {
    failed = true;
    return false;
  };
  const decode = (one: TextDecoder, bytes: Buffer | null): string | null => {
    try {
      return bytes ? one.decode(bytes, { stream: true }) : one.decode();
    } catch {
      return null;
    }
  };
  const begin = (bytes: Buffer) => {
    begun = true;
    if (bytes[0] === 0xff && bytes[1] === 0xfe) utf16 = new TextDecoder('utf-16le', { fatal: true });
    else if (bytes[0] === 0xfe && bytes[1] === 0xff) utf16 = new TextDecoder('utf-16be', { fatal: true });
    else decoder = new TextDecoder('utf-8', { fatal: true });
  };

  return {
    update(bytes) {
      if (failed) return false;
      if (bytes.length === 0) return true;
      if (!begun) begin(bytes);
      if (utf16) {
        const text = decode(utf16, bytes);
        if (text === null) return fail();
        const [before = '', ...after] = text.split(String.fromCharCode(endMark));
        if (hasControls(before) || after.join('') !== '' || (isMarked && before !== '')) return fail();
        isMarked ||= after.length > 0;
        return true;
      }
      for (const byte of bytes) {
        if (isMarked ? byte !== endMark : controls[byte] === 1 && byte !== endMark) return fail();
        isMarked ||= byte === endMark;
        if (undefinedInWindows.has(byte)) hasUndefined = true;
      }
      if (decoder && decode(decoder, bytes) === null) {
        decoder = null;
        isWindows = true;
      }
      return isWindows && hasUndefined ? fail() : true;
    },
    isText() {
      if (failed) return false;
      if (utf16) return decode(utf16, null) !== null;
      if (decoder && decode(decoder, null) === null) return !hasUndefined;
      return true;
    },
  };
}

function hasControls(text: string): boolean {
  return /(?![\t\n\f\r])\p{Cc}/u.test(text);
}
