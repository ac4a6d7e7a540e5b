// PDFs are accepted as they are, except those that do not open without a password: neither we nor the virus scanner can
// read them. Whether a PDF is encrypted stands in its newest trailer, which is never encrypted itself.
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { ContentRefused, type RandomAccess } from './content.ts';
import { opensWithoutPassword } from './pdf-password.ts';
import { isName, isReference, parsePdfObject, type PdfDictionary, type PdfObject } from './pdf-syntax.ts';
import type { DocumentKind } from './kinds.ts';

/** Readers accept a PDF whose header begins within this many bytes. */
export const pdfHeaderWithin = 1_024;
/** "startxref" is looked for in this many bytes at the end of the file. */
const tailBytes = 64 * 1024;
const maxObjectBytes = 256 * 1024;
const scanBytes = 1024 * 1024;
/** Blocks overlap by this much while they are searched; no mark that is searched for is longer. */
const overlapBytes = 64;
/** How far into its object a cross-reference stream may say that it is one. */
const beforeType = 2_048;
/** How many places are tried in a search. */
const maxMarks = 50;
const maxSections = 10_000;

/** @throws ContentRefused */
export async function inspectPdf(file: RandomAccess): Promise<DocumentKind> {
  const trailer = (await referredTrailer(file)) ?? (await lastTrailer(file));
  const encrypt = trailer && (await resolve(file, trailer.get('Encrypt')));
  if (!trailer || !encrypt) return 'pdf';
  if (!(encrypt instanceof Map)) throw new ContentRefused('broken');
  const ids = await resolve(file, trailer.get('ID'));
  const id = Array.isArray(ids) && Buffer.isBuffer(ids[0]) ? ids[0] : Buffer.alloc(0);
  if (!opensWithoutPassword(encrypt, id)) throw new ContentRefused('encrypted');
  return 'pdf';
}

/** The trailer of the cross-reference section that the end of the file names; null: there is none at that place. */
async function referredTrailer(file: RandomAccess): Promise<PdfDictionary | null> {
  const tail = await read(file, Math.max(0, file.size - tailBytes), tailBytes);
  const offset = /startxref\s+(\d{1,15})/.exec(tail.slice(Math.max(0, tail.lastIndexOf('startxref'))))?.[1];
  if (offset === undefined) return null;
  const header = (await read(file, 0, pdfHeaderWithin + 5)).indexOf('%PDF-');
  // Most readers count from the header, some from the first byte.
  for (const start of new Set([Math.max(0, header), 0])) {
    const trailer = await trailerAt(file, Number(offset) + start);
    if (trailer) return trailer;
  }
  return null;
}

/** The trailer of the cross-reference table or stream that begins here. */
async function trailerAt(file: RandomAccess, start: number): Promise<PdfDictionary | null> {
  const space = /^\s*/.exec(await read(file, start, 64))?.[0].length ?? 0;
  let at = start + space;
  if (!(await read(file, at, 4)).startsWith('xref')) return crossReferenceStream(file, at);
  at += 4;
  // Each subsection: the first object's number, how many follow, and 20 bytes for each.
  for (let sections = 0; sections < maxSections; sections += 1) {
    const text = await read(file, at, 64);
    const trailer = /^\s*trailer/.exec(text);
    if (trailer) return dictionaryAt(file, at + trailer[0].length);
    const section = /^\s*\d{1,10}\s+(\d{1,10})\s*?(\r\n|\n|\r(?!\n))/.exec(text);
    if (!section) return null;
    at += section[0].length + 20 * Number(section[1]);
  }
  return null;
}

async function crossReferenceStream(file: RandomAccess, at: number): Promise<PdfDictionary | null> {
  const mark = /^\d{1,10}\s+\d{1,5}\s+obj/.exec(await read(file, at, 64));
  const dictionary = mark && (await dictionaryAt(file, at + mark[0].length));
  const type = dictionary?.get('Type');
  return dictionary && isName(type) && type.name === 'XRef' ? dictionary : null;
}

/** The last trailer in the file, as readers search for it when the cross-reference is damaged. */
async function lastTrailer(file: RandomAccess): Promise<PdfDictionary | null> {
  return findLast(file, /trailer|\/XRef/g, async (at, mark) => {
    const before =
      mark === 'trailer' ? '' : await read(file, Math.max(0, at - beforeType), Math.min(at, beforeType));
    const start = mark === 'trailer' ? at + mark.length : at - before.length + before.lastIndexOf('obj') + 3;
    const dictionary = await dictionaryAt(file, start);
    return dictionary?.has('Root') ? dictionary : null;
  });
}

async function resolve(file: RandomAccess, value: PdfObject | undefined): Promise<PdfObject> {
  if (!isReference(value)) return value ?? null;
  const { object, generation } = value;
  // The dictionary is never inside an object stream. It is searched for, because the cross-reference may be damaged or
  // compressed.
  const found = await findLast(
    file,
    new RegExp(`(?<!\\d)${object}\\s+${generation}\\s+obj`, 'g'),
    (at, mark) => objectAt(file, at + mark.length),
  );
  if (found === null) throw new ContentRefused('broken');
  return found;
}

/** The last place where the pattern matches and `take` finds something. */
async function findLast<T>(
  file: RandomAccess,
  pattern: RegExp,
  take: (at: number, mark: string) => Promise<T | null | undefined>,
): Promise<T | null> {
  let tried = 0;
  for (let end = file.size; end > 0; end -= scanBytes) {
    const start = Math.max(0, end - scanBytes);
    const text = await read(file, start, end - start + overlapBytes);
    const marks = [...text.matchAll(pattern)].reverse();
    for (const { index, 0: mark } of marks) {
      tried += 1;
      if (tried > maxMarks) return null;
      await yieldToEventLoop();
      const found = await take(start + index, mark);
      if (found !== null && found !== undefined) return found;
    }
  }
  return null;
}

async function dictionaryAt(file: RandomAccess, at: number): Promise<PdfDictionary | null> {
  const found = await objectAt(file, at);
  return found instanceof Map ? found : null;
}

async function objectAt(file: RandomAccess, at: number): Promise<PdfObject | undefined> {
  for (let length = 4_096; length <= maxObjectBytes; length *= 8) {
    const found = parsePdfObject(await file.read(at, clamp(file, at, length)));
    if (found !== undefined || at + length >= file.size) return found;
  }
  return undefined;
}

/** Text in which each character is a byte. */
async function read(file: RandomAccess, start: number, length: number): Promise<string> {
  return (await file.read(start, clamp(file, start, length))).toString('latin1');
}

function clamp({ size }: RandomAccess, start: number, length: number): number {
  return Math.max(0, Math.min(length, size - start));
}
