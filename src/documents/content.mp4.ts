// Recordings of phones call themselves MP4 or 3GP by their first bytes, as films do: the tracks tell them apart.
// Boxes of ISO 14496-12: a length, four letters, and what is in it.
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './document.kinds.ts';

interface Range {
  start: number;
  end: number;
}

interface Box extends Range {
  type: string;
}

/** Real recordings have a handful beside each other. */
const maxBoxes = 1_000;
/** In `hdlr`, after version, flags and four bytes that say nothing. */
const handlerAt = 8;

/** @throws ContentRefused unless all that it holds is sound */
export async function lookThroughMp4(file: RandomAccess): Promise<DocumentKind> {
  const movie = await find(file, { start: 0, end: file.size }, 'moov');
  let tracks = 0;
  for await (const box of boxesIn(file, movie)) {
    if (box.type !== 'trak') continue;
    tracks += 1;
    if ((await handlerOf(file, box)) !== 'soun') throw new ContentRefused('unsupported_type');
  }
  if (tracks === 0) throw new ContentRefused('unsupported_type');
  return 'm4a';
}

async function handlerOf(file: RandomAccess, track: Box): Promise<string> {
  const handler = await find(file, await find(file, track, 'mdia'), 'hdlr');
  const bytes = await file.read(handler.start, Math.min(handlerAt + 4, handler.end - handler.start));
  return bytes.toString('latin1', handlerAt);
}

async function find(file: RandomAccess, within: Range, type: string): Promise<Box> {
  for await (const box of boxesIn(file, within)) if (box.type === type) return box;
  throw new ContentRefused('broken');
}

/** `start` and `end` are of what is in the box. */
async function* boxesIn(file: RandomAccess, within: Range): AsyncGenerator<Box> {
  let at = within.start;
  for (let count = 0; at + 8 <= within.end; count += 1) {
    if (count === maxBoxes) throw new ContentRefused('broken');
    const head = await file.read(at, Math.min(16, within.end - at));
    const short = head.readUInt32BE(0);
    // 1: the length follows, in eight bytes; 0: it goes on to the end.
    if (short === 1 && head.length < 16) throw new ContentRefused('broken');
    const headBytes = short === 1 ? 16 : 8;
    const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? within.end - at : short;
    if (length < headBytes || at + length > within.end) throw new ContentRefused('broken');
    yield { type: head.toString('latin1', 4, 8), start: at + headBytes, end: at + length };
    at += length;
  }
}
