// Whether bytes are text that a person could have written: UTF-8, UTF-16 with its mark, or Windows' old letters.

import { TextDecoder } from 'node:util';
export interface TextCheck {
  /** False as soon as it cannot be text any more. */
  update(bytes: Buffer): boolean;
  /** Call once, at the end. */
  isText(): boolean;
}

// Everything below a blank but tab, line feed, form feed and carriage return; and DEL.
const controls = new Uint8Array(256);
for (let code = 0; code < 32; code += 1) if (![9, 10, 12, 13].includes(code)) controls[code] = 1;
controls[0x7f] = 1;
/** Of the upper half, what no letter of Windows-1252 has. */
const undefinedInWindows = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

export function createTextCheck(): TextCheck {
  let decoder: TextDecoder | null = null;
  let isWindows = false;
  let wide: TextDecoder | null = null;
  let begun = false;
  let failed = false;
  let sawUndefined = false;

  const fail = () => {
    failed = true;
    return false;
  };
  const readsAs = (one: TextDecoder, bytes: Buffer | null): string | null => {
    try {
      return bytes ? one.decode(bytes, { stream: true }) : one.decode();
    } catch {
      return null;
    }
  };
  const begin = (bytes: Buffer) => {
    begun = true;
    if (bytes[0] === 0xff && bytes[1] === 0xfe) wide = new TextDecoder('utf-16le', { fatal: true });
    else if (bytes[0] === 0xfe && bytes[1] === 0xff) wide = new TextDecoder('utf-16be', { fatal: true });
    else decoder = new TextDecoder('utf-8', { fatal: true });
  };

  return {
    update(bytes) {
      if (failed) return false;
      if (bytes.length === 0) return true;
      if (!begun) begin(bytes);
      if (wide) {
        const text = readsAs(wide, bytes);
        return text === null || hasControls(text) ? fail() : true;
      }
      for (const byte of bytes) {
        if (controls[byte] === 1) return fail();
        if (undefinedInWindows.has(byte)) sawUndefined = true;
      }
      if (decoder && readsAs(decoder, bytes) === null) {
        decoder = null;
        isWindows = true;
      }
      return isWindows && sawUndefined ? fail() : true;
    },
    isText() {
      if (failed) return false;
      if (wide) return readsAs(wide, null) !== null;
      if (decoder && readsAs(decoder, null) === null) return !sawUndefined;
      return true;
    },
  };
}

function hasControls(text: string): boolean {
  return /(?![\t\n\f\r])\p{Cc}/u.test(text);
}
