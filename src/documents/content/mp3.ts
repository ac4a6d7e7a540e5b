// Recognises MP3 files whose first frame is not at the start: an ID3v2 tag of any size, zeros or a cut frame precede it.
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

const maxTags = 8;
/**
 * How far behind the tags the first frame may begin. Some writers give an ID3 tag's size without the bytes that
 * unsynchronisation adds.
 */
const searchBytes = 64 * 1024;
const consecutiveFrames = 4;
/** kbit/s of layer III by index: first for MPEG 1, then for MPEG 2 and 2.5. */
const bitrates = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const sampleRates = [44_100, 48_000, 32_000];

/** Whether an ID3v2 tag begins here. */
export function isId3(bytes: Buffer): boolean {
  return tagBytes(bytes) !== null;
}

/** Searches, as players do, for the first consecutive frames of layer III. @throws ContentRefused */
export async function inspectMp3(file: RandomAccess): Promise<DocumentKind> {
  let at = 0;
  for (let tags = 0; tags < maxTags; tags += 1) {
    const length = tagBytes(await file.read(at, Math.min(10, Math.max(0, file.size - at))));
    if (length === null) break;
    at += length;
  }
  const length = Math.max(0, Math.min(searchBytes, file.size - at));
  const searched = await file.read(at, length);
  for (let offset = 0; offset < searched.length; offset += 1) {
    if (searched[offset] === 0xff && (await startsFrames(file, at + offset))) return 'mp3';
  }
  throw new ContentRefused('unsupported_type');
}

async function startsFrames(file: RandomAccess, start: number): Promise<boolean> {
  let at = start;
  for (let frames = 0; frames < consecutiveFrames; frames += 1) {
    const length = await frameBytes(file, at);
    if (length === null) return false;
    at += length;
    if (at === file.size || (await isEndTag(file, at))) return true;
  }
  return true;
}

/** Tags that follow the last frame: ID3v1, APE, Lyrics3. */
async function isEndTag(file: RandomAccess, at: number): Promise<boolean> {
  const mark = await file.read(at, Math.max(0, Math.min(8, file.size - at)));
  return /^(TAG|APETAGEX|LYRICSBE)/.test(mark.toString('latin1'));
}

/** The length of the ID3v2 tag that begins here, with header and footer; null: there is none. */
function tagBytes(bytes: Buffer): number | null {
  if (bytes.length < 10 || bytes.toString('latin1', 0, 3) !== 'ID3') return null;
  const [major = 0, revision = 0, flags = 0, ...size] = bytes.subarray(3, 10);
  if (major < 2 || major > 4 || revision === 0xff || size.some((byte) => byte > 0x7f)) return null;
  const hasFooter = major === 4 && (flags & 0x10) !== 0;
  return 10 + size.reduce((sum, byte) => sum * 128 + byte, 0) + (hasFooter ? 10 : 0);
}

/** The length of the layer III frame that begins here; null: there is none. */
async function frameBytes(file: RandomAccess, at: number): Promise<number | null> {
  const header = await file.read(at, Math.max(0, Math.min(4, file.size - at)));
  if (header.length < 4 || header.readUInt16BE(0) < 0xffe0) return null;
  const [, second = 0, third = 0] = header;
  const version = (second >> 3) & 3; // 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
  const layer = (second >> 1) & 3; // 1: layer III
  const bitrate = bitrates[version === 3 ? 0 : 1]?.[third >> 4] ?? 0;
  const sampleRate = (sampleRates[(third >> 2) & 3] ?? 0) / (version === 3 ? 1 : version === 2 ? 2 : 4);
  if (version === 1 || layer !== 1 || bitrate === 0 || sampleRate === 0) return null;
  const padding = (third >> 1) & 1;
  return Math.floor(((version === 3 ? 144 : 72) * bitrate * 1000) / sampleRate) + padding;
}
