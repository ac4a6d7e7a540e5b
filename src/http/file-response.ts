// An answer that is a file: its name for the browser, and its bytes.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** RFC 6266 with RFC 8187: any name for today's browsers, letters and digits for the others. */
export function attachment(fileName: string): string {
  return disposition('attachment', fileName);
}

/** To be shown; the name is for whoever saves it from there. */
export function inline(fileName: string): string {
  return disposition('inline', fileName);
}

function disposition(kind: 'attachment' | 'inline', fileName: string): string {
  const plain = fileName
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_');
  return `${kind}; filename="${plain}"; filename*=UTF-8''${extValue(fileName)}`;
}

function extValue(text: string): string {
  // encodeURIComponent leaves four characters that RFC 8187 does not.
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Once it has begun, only a broken connection tells that it failed: the client sees less than was promised. */
export async function sendContent(content: Readable, res: Response): Promise<void> {
  try {
    await pipeline(content, res);
  } catch {
    res.destroy();
  } finally {
    // A client that left before the first byte leaves nobody else to close what it is read from.
    content.destroy();
  }
}
