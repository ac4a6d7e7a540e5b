// Tells sound recordings of phones from MP4 and 3GP videos. Both begin alike; only their tracks differ.
// The file consists of boxes (ISO 14496-12): a length, a type of four letters, the content.
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

interface Range {
  start: number;
  end: number;
}

interface Box extends Range {
  type: string;
}

/** How many boxes are read, in the whole file and at any depth. Real recordings have a few. */
const maxBoxes = 5_000;
/** Boxes in bytes already read resolve without I/O, so yield to other requests after this many. */
const boxesPerTurn = 500;
/** In `hdlr`, the handler type follows version, flags and four reserved bytes. */
const handlerAt = 8;

interface Reading {
  file: RandomAccess;
  boxes: number;
}

/** @throws ContentRefused unless every track is sound */
export async function inspectMp4(stored: RandomAccess): Promise<DocumentKind> {
  const reading: Reading = { file: stored, boxes: 0 };
  const movie = await find(reading, { start: 0, end: stored.size }, 'moov');
  let tracks = 0;
  for await (const box of boxesIn(reading, movie)) {
    if (box.type !== 'trak') continue;
    tracks += 1;
    if ((await handlerOf(reading, box)) !== 'soun') throw new ContentRefused('unsupported_type');
  }
  if (tracks === 0) throw new ContentRefused('unsupported_type');
  return 'm4a';
}

async function handlerOf(reading: Reading, track: Box): Promise<string> {
  const handler = await find(reading, await find(reading, track, 'mdia'), 'hdlr');
  const bytes = await reading.file.read(handler.start, Math.min(handlerAt + 4, handler.end - handler.start));
  return bytes.toString('latin1', handlerAt);
}

async function find(reading: Reading, within: Range, type: string): Promise<Box> {
  for await (const box of boxesIn(reading, within)) if (box.type === type) return box;
  throw new ContentRefused('broken');
}

/** `start` and `end` are those of the box's content. */
async function* boxesIn(reading: Reading, within: Range): AsyncGenerator<Box> {
  let at = within.start;
  while (at + 8 <= within.end) {
    if (reading.boxes === maxBoxes) throw new ContentRefused('broken');
    reading.boxes += 1;
    if (reading.boxes % boxesPerTurn === 0) await yieldToEventLoop();
    const head = await reading.file.read(at, Math.min(16, within.end - at));
    const short = head.readUInt32BE(0);
    // Length 1: the real length follows in eight bytes. Length 0: the box extends to the end.
    if (short === 1 && head.length < 16) throw new ContentRefused('broken');
    const headBytes = short === 1 ? 16 : 8;
    const length = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? within.end - at : short;
    if (length < headBytes || at + length > within.end) throw new ContentRefused('broken');
    yield { type: head.toString('latin1', 4, 8), start: at + headBytes, end: at + length };
    at += length;
  }
}
