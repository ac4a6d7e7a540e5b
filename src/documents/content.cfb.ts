// The compound files of old Office ([MS-CFB]): Word, Excel, but also installers and mails. The names in their
// directory tell them apart.
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './document.kinds.ts';

const headerBytes = 512;
const difatInHeader = 109;
const lastSector = 0xfffffffa;
/** 128 for each stream; a letter with a hundred drawings in it has some eight hundred streams. */
const maxDirectoryBytes = 1024 * 1024;

/** @throws ContentRefused */
export async function lookThroughCompoundFile(file: RandomAccess): Promise<DocumentKind> {
  const names = await directoryNames(file);
  // A password-protected DOCX or XLSX wears this wrapper.
  if (names.has('EncryptedPackage')) throw new ContentRefused('encrypted');
  if (names.has('WordDocument')) return 'doc';
  if (names.has('Workbook') || names.has('Book')) return 'xls';
  throw new ContentRefused('unsupported_type');
}

async function directoryNames(file: RandomAccess): Promise<Set<string>> {
  const header = await file.read(0, headerBytes);
  if (header.length < headerBytes) throw new ContentRefused('broken');
  const shift = header.readUInt16LE(30);
  if (shift !== 9 && shift !== 12) throw new ContentRefused('broken');
  const sectorBytes = 2 ** shift;
  const sector = async (index: number): Promise<Buffer> => {
    const bytes = await file.read((index + 1) * sectorBytes, sectorBytes);
    if (bytes.length < sectorBytes) throw new ContentRefused('broken');
    return bytes;
  };
  const next = allocation(header, sectorBytes, sector);

  const names = new Set<string>();
  const seen = new Set<number>();
  let index = header.readUInt32LE(48);
  while (index < lastSector) {
    if (seen.has(index) || seen.size * sectorBytes >= maxDirectoryBytes) throw new ContentRefused('broken');
    seen.add(index);
    const bytes = await sector(index);
    for (let at = 0; at < sectorBytes; at += 128) {
      const length = bytes.readUInt16LE(at + 64);
      if (length >= 2 && length <= 64) names.add(bytes.toString('utf16le', at, at + length - 2));
    }
    index = await next(index);
  }
  return names;
}

/** Which sector follows a sector: the file allocation table, whose own sectors the header lists, and a chain. */
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
