// The compound files of old Office ([MS-CFB]): Word, Excel and Outlook mails, but also presentations and installers.
// The stream names in the root of the directory tell them apart; embedded objects have their names further down.
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

const headerBytes = 512;
const difatInHeader = 109;
const lastSector = 0xfffffffa;
/** 128 for each stream; a mail to a thousand people has some twenty thousand streams. */
const maxDirectoryBytes = 16 * 1024 * 1024;

/** @throws ContentRefused */
export async function inspectCompoundFile(file: RandomAccess): Promise<DocumentKind> {
  const names = rootNames(await directoryEntries(file));
  // A DOCX or XLSX with a password is stored in this stream.
  if (names.has('encryptedpackage')) throw new ContentRefused('encrypted');
  if (names.has('powerpoint document')) throw new ContentRefused('unsupported_type');
  if (names.has('worddocument')) return 'doc';
  if (names.has('workbook') || names.has('book')) return 'xls';
  // [MS-OXMSG]: every mail has both.
  if (names.has('__properties_version1.0') && names.has('__nameid_version1.0')) return 'msg';
  throw new ContentRefused('unsupported_type');
}

interface Entry {
  /** In lower case: names are compared without case. '' for an unused entry. */
  name: string;
  left: number;
  right: number;
  child: number;
}

/** Names of the streams in the root: its child, and that child's tree of siblings. */
function rootNames(entries: Entry[]): Set<string> {
  const names = new Set<string>();
  const seen = new Set<number>();
  const pending = [entries[0]?.child ?? lastSector];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (index >= lastSector) continue;
    const entry = entries[index];
    if (!entry || seen.has(index)) throw new ContentRefused('broken');
    seen.add(index);
    names.add(entry.name);
    pending.push(entry.left, entry.right);
  }
  return names;
}

async function directoryEntries(file: RandomAccess): Promise<Entry[]> {
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
  const next = allocation(header, sectorBytes, sector);

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
