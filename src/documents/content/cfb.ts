// The compound files of old Office ([MS-CFB]): Word, Excel and Outlook mails, but also presentations and installers.
// The stream names in the root of the directory tell them apart; embedded objects have their names further down.
import { isLockedLetter, isLockedWorkbook } from './office-password.ts';
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

const headerBytes = 512;
const difatInHeader = 109;
/** Enough to tell whether a stream is encrypted. */
const beginningBytes = 512;
/** A piece of a short stream. */
const pieceBytes = 64;
const maxChainBytes = 8 * 1024 * 1024;
const lastSector = 0xfffffffa;
/** The largest directory that is read: 128 bytes for each stream. A mail to a thousand people has some 20,000 streams. */
const maxDirectoryBytes = 16 * 1024 * 1024;

/** @throws ContentRefused */
export async function inspectCompoundFile(file: RandomAccess): Promise<DocumentKind> {
  const compound = await openCompound(file);
  const entries = await directoryEntries(compound);
  const streams = rootStreams(entries);
  // A DOCX or XLSX with a password is stored in this stream.
  if (streams.has('encryptedpackage')) throw new ContentRefused('encrypted');
  if (streams.has('powerpoint document')) throw new ContentRefused('unsupported_type');
  const letter = streams.get('worddocument');
  if (letter) {
    if (isLockedLetter(await readBeginning(compound, entries[0], letter)))
      throw new ContentRefused('encrypted');
    return 'doc';
  }
  const workbook = streams.get('workbook') ?? streams.get('book');
  if (workbook) {
    if (isLockedWorkbook(await readBeginning(compound, entries[0], workbook)))
      throw new ContentRefused('encrypted');
    return 'xls';
  }
  // [MS-OXMSG]: every mail has both.
  if (streams.has('__properties_version1.0') && streams.has('__nameid_version1.0')) return 'msg';
  throw new ContentRefused('unsupported_type');
}

interface Entry {
  /** In lower case: names are compared without case. '' for an unused entry. */
  name: string;
  left: number;
  right: number;
  child: number;
  /** The first sector of a stream, and its size in bytes. */
  start: number;
  size: number;
}

interface Compound {
  header: Buffer;
  sectorBytes: number;
  /** The bytes of a sector: fewer at the end of the file. */
  read(this: void, sector: number): Promise<Buffer>;
  /** The sector that follows in its chain. */
  next(this: void, sector: number): Promise<number>;
}

/** The streams of the root by name. The root names one child, from which a tree of siblings leads to the others. */
function rootStreams(entries: Entry[]): Map<string, Entry> {
  const streams = new Map<string, Entry>();
  const seen = new Set<number>();
  const pending = [entries[0]?.child ?? lastSector];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (index >= lastSector) continue;
    const entry = entries[index];
    if (!entry || seen.has(index)) throw new ContentRefused('broken');
    seen.add(index);
    streams.set(entry.name, entry);
    pending.push(entry.left, entry.right);
  }
  return streams;
}

async function openCompound(file: RandomAccess): Promise<Compound> {
  const header = await file.read(0, headerBytes);
  if (header.length < headerBytes) throw new ContentRefused('broken');
  const shift = header.readUInt16LE(30);
  if (shift !== 9 && shift !== 12) throw new ContentRefused('broken');
  const sectorBytes = 2 ** shift;
  const read = (index: number) => file.read((index + 1) * sectorBytes, sectorBytes);
  const sector = async (index: number): Promise<Buffer> => {
    const bytes = await read(index);
    if (bytes.length < sectorBytes) throw new ContentRefused('broken');
    return bytes;
  };
  return { header, sectorBytes, read, next: allocation(header, sectorBytes, sector) };
}

/**
 * The beginning of a stream, at least `beginningBytes` or all of it. Short streams are in pieces of 64 bytes within the
 * root's own stream, and a table of their own says which piece follows a piece.
 */
async function readBeginning(compound: Compound, root: Entry | undefined, stream: Entry): Promise<Buffer> {
  const { header, read } = compound;
  if (stream.size >= header.readUInt32LE(56)) return read(stream.start);
  const pieces: Buffer[] = [];
  for (let piece = stream.start; piece < lastSector && pieces.length * pieceBytes < beginningBytes; ) {
    pieces.push(await readInChain(compound, root?.start ?? lastSector, piece * pieceBytes, pieceBytes));
    const following = await readInChain(compound, header.readUInt32LE(60), piece * 4, 4);
    piece = following.length < 4 ? lastSector : following.readUInt32LE(0);
  }
  return Buffer.concat(pieces).subarray(0, stream.size);
}

/** The bytes at an offset of a chain of sectors, as far as they are in one sector; none where the chain has ended. */
async function readInChain(
  { sectorBytes, read, next }: Compound,
  first: number,
  offset: number,
  length: number,
): Promise<Buffer> {
  let sector = first;
  if (offset > maxChainBytes) return Buffer.alloc(0);
  for (let skip = Math.floor(offset / sectorBytes); skip > 0 && sector < lastSector; skip -= 1)
    sector = await next(sector);
  if (sector >= lastSector) return Buffer.alloc(0);
  const within = offset % sectorBytes;
  return (await read(sector)).subarray(within, within + length);
}

async function directoryEntries({ header, sectorBytes, read, next }: Compound): Promise<Entry[]> {
  const entries: Entry[] = [];
  const seen = new Set<number>();
  let index = header.readUInt32LE(48);
  while (index < lastSector) {
    if (seen.has(index) || seen.size * sectorBytes >= maxDirectoryBytes) throw new ContentRefused('broken');
    seen.add(index);
    // Some programs do not fill the last sector of the file.
    const bytes = await read(index);
    for (let at = 0; at + 128 <= bytes.length; at += 128) {
      const length = bytes.readUInt16LE(at + 64);
      entries.push({
        name: length >= 2 && length <= 64 ? bytes.toString('utf16le', at, at + length - 2).toLowerCase() : '',
        left: bytes.readUInt32LE(at + 68),
        right: bytes.readUInt32LE(at + 72),
        child: bytes.readUInt32LE(at + 76),
        start: bytes.readUInt32LE(at + 116),
        size: bytes.readUInt32LE(at + 120),
      });
    }
    index = await next(index);
  }
  return entries;
}

/**
 * Reads the file allocation table, which says which sector follows a sector. The header and a chain of sectors list its
 * own sectors.
 */
function allocation(header: Buffer, sectorBytes: number, sector: (index: number) => Promise<Buffer>) {
  const perSector = sectorBytes / 4;
  const tableSector = async (which: number): Promise<number> => {
    if (which < difatInHeader) return header.readUInt32LE(76 + which * 4);
    let chained = header.readUInt32LE(68);
    for (let skip = Math.floor((which - difatInHeader) / (perSector - 1)); skip > 0; skip -= 1) {
      if (chained >= lastSector) throw new ContentRefused('broken');
      chained = (await sector(chained)).readUInt32LE(sectorBytes - 4);
    }
    if (chained >= lastSector) throw new ContentRefused('broken');
    return (await sector(chained)).readUInt32LE(((which - difatInHeader) % (perSector - 1)) * 4);
  };
  return async (index: number): Promise<number> => {
    const table = await tableSector(Math.floor(index / perSector));
    if (table >= lastSector) throw new ContentRefused('broken');
    return (await sector(table)).readUInt32LE((index % perSector) * 4);
  };
}
