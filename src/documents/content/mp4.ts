// Recordings of phones call themselves MP4 or 3GP by their first bytes, as films do: the tracks tell them apart.
// Boxes of ISO 14496-12: a length, four letters, and what is in it.
import { setImmediate as othersTurn } from 'node:timers/promises';
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

interface Range {
  start: number;
  end: number;
}

interface Box extends Range {
  type: string;
}

/** In the whole file, however deep: real recordings have a handful beside each other. */
const maxBoxes = 5_000;
/** What has been read already comes at once: nobody else would have a turn until the last of them. */
const boxesInATurn = 500;
/** In `hdlr`, after version, flags and four bytes that say nothing. */
const handlerAt = 8;

interface Reading {
  file: RandomAccess;
  boxes: number;
}

/** @throws ContentRefused unless all that it holds is sound */
export async function lookThroughMp4(stored: RandomAccess): Promise<DocumentKind> {
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

/** `start` and `end` are of what is in the box. */
async function* boxesIn(reading: Reading, within: Range): AsyncGenerator<Box> {
  let at = within.start;
  while (at + 8 <= within.end) {
    if (reading.boxes === maxBoxes) throw new ContentRefused('broken');
    reading.boxes += 1;
    if (reading.boxes % boxesInATurn === 0) await othersTurn();
    const head = await reading.file.read(at, Math.min(16, within.end - at));
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
