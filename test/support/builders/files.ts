// Small files of every accepted type, and of some others: real enough for programs that read their content.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  data: Buffer;
  /** The size that the directory claims, if it is false. */
  declaredSize?: number;
  encrypted?: boolean;
  /** Only in the directory. */
  comment?: Buffer;
}

const none = Buffer.alloc(0);

export function zipOf(entries: ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, declaredSize = data.length, encrypted = false, comment = none } of entries) {
    const packed = deflateRawSync(data, { level: 1 });
    const bytes = Buffer.from(name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(encrypted ? 0x801 : 0x800, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(data), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(declaredSize, 18);
    facts.writeUInt16LE(bytes.length, 22);
    bodies.push(Buffer.from('PK\x03\x04', 'latin1'), facts, bytes, packed);
    const place = Buffer.alloc(14);
    place.writeUInt16LE(comment.length, 0);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, place, bytes, comment);
    offset += 30 + bytes.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, list, end]);
}

function officeFile(mainType: string, part: string, more: ZipEntry[] = []): Buffer {
  const types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${part}" ContentType="${mainType}"/></Types>`;
  return zipOf([
    { name: '[Content_Types].xml', data: Buffer.from(types) },
    { name: part, data: Buffer.from('<document/>') },
    ...more,
  ]);
}

const openXml = 'application/vnd.openxmlformats-officedocument';
const wordMain = `${openXml}.wordprocessingml.document.main+xml`;

/** Streams of a compound file's root, and storages that hold further ones. */
type CompoundPart = string | { storage: string; holds: string[] };

/** A compound file of old Office whose directory has these names; with many it has the larger sectors of version 4. */
export function compoundFile(...parts: CompoundPart[]): Buffer {
  return compoundOf(entriesOf(parts), Buffer.alloc(4096, 'x'));
}

/** A compound file with one stream: in sectors of its own, or in short pieces when it is short. */
export function compoundFileOf(stream: string, content: Buffer): Buffer {
  const entries = entriesOf([stream]);
  const [root, only] = entries;
  const isShort = content.length < 4_096;
  const padded = Buffer.concat([content, Buffer.alloc(512 - (content.length % 512))]);
  const firstSector = 2;
  if (root && only) Object.assign(only, { start: isShort ? 0 : firstSector, size: content.length });
  if (!isShort) return compoundOf(entries, padded);
  // The pieces, one sector after the other, then the table that chains the pieces.
  if (root) Object.assign(root, { start: firstSector, size: padded.length });
  const pieces = Buffer.alloc(512, 0xff);
  const count = Math.ceil(content.length / 64);
  for (let at = 0; at < count; at += 1) pieces.writeUInt32LE(at + 1 < count ? at + 1 : 0xfffffffe, at * 4);
  const whole = compoundOf(entries, Buffer.concat([padded, pieces]));
  const sectors = padded.length / 512;
  for (let at = 0; at < sectors; at += 1)
    whole.writeUInt32LE(at + 1 < sectors ? firstSector + at + 1 : 0xfffffffe, 512 + (firstSector + at) * 4);
  whole.writeUInt32LE(firstSector + sectors, 60);
  return whole;
}

interface CompoundEntry {
  name: string;
  type: number;
  right: number;
  child: number;
  start: number;
  size: number;
}

function compoundOf(entries: CompoundEntry[], content: Buffer): Buffer {
  const isLarge = entries.length > 400;
  const sectorBytes = isLarge ? 4_096 : 512;
  const header = Buffer.alloc(sectorBytes);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header);
  header.writeUInt16LE(0x3e, 24);
  header.writeUInt16LE(isLarge ? 4 : 3, 26);
  header.writeUInt16LE(0xfffe, 28);
  header.writeUInt16LE(isLarge ? 12 : 9, 30);
  header.writeUInt16LE(6, 32);
  header.writeUInt32LE(1, 44);
  header.writeUInt32LE(1, 48); // the directory begins in sector 1
  header.writeUInt32LE(4096, 56);
  header.writeUInt32LE(0xfffffffe, 60);
  header.writeUInt32LE(0xfffffffe, 68);
  header.fill(0xff, 76, 512);
  header.writeUInt32LE(0, 76); // the table is sector 0
  const table = Buffer.alloc(sectorBytes, 0xff);
  table.writeUInt32LE(0xfffffffd, 0);
  const sectors = Math.ceil((entries.length * 128) / sectorBytes);
  for (let at = 1; at <= sectors; at += 1) table.writeUInt32LE(at === sectors ? 0xfffffffe : at + 1, at * 4);
  const directory = Buffer.alloc(sectorBytes * sectors);
  for (const [index, { name, type, right, child, start, size }] of entries.entries()) {
    directory.write(name, index * 128, 'utf16le');
    directory.writeUInt16LE((name.length + 1) * 2, index * 128 + 64);
    directory[index * 128 + 66] = type;
    directory.writeUInt32LE(noEntry, index * 128 + 68);
    directory.writeUInt32LE(right, index * 128 + 72);
    directory.writeUInt32LE(child, index * 128 + 76);
    directory.writeUInt32LE(start, index * 128 + 116);
    directory.writeUInt32LE(size, index * 128 + 120);
  }
  return Buffer.concat([header, table, directory, content]);
}

const noEntry = 0xffffffff;

/** The directory: the root, its children as a chain of right siblings, then the contents of the storages. */
function entriesOf(names: CompoundPart[]): CompoundEntry[] {
  const nowhere = { start: 0xfffffffe, size: 0 };
  const entries: CompoundEntry[] = [
    { name: 'Root Entry', type: 5, right: noEntry, child: names.length > 0 ? 1 : noEntry, ...nowhere },
    ...names.map((one, at) => ({
      name: typeof one === 'string' ? one : one.storage,
      type: typeof one === 'string' ? 2 : 1,
      right: at + 1 < names.length ? at + 2 : noEntry,
      child: noEntry,
      ...nowhere,
    })),
  ];
  for (const [at, one] of names.entries()) {
    if (typeof one === 'string') continue;
    const storage = entries[at + 1];
    if (storage) storage.child = entries.length;
    for (const [index, name] of one.holds.entries()) {
      const right = index + 1 < one.holds.length ? entries.length + 1 : noEntry;
      entries.push({ name, type: 2, right, child: noEntry, ...nowhere });
    }
  }
  return entries;
}

function isoMedia(brand: string): Buffer {
  const first = Buffer.alloc(24);
  first.writeUInt32BE(24);
  first.write(`ftyp${brand}`, 4, 'latin1');
  first.write(brand, 16, 'latin1');
  return Buffer.concat([first, Buffer.alloc(200)]);
}

function box(type: string, ...content: Buffer[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.reduce((sum, { length }) => sum + length, 0));
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

/** `before`: boxes before its media. */
function track(handler: string, ...before: Buffer[]): Buffer {
  const facts = Buffer.alloc(24);
  facts.write(handler, 8, 'latin1');
  const media = box('mdia', box('mdhd', Buffer.alloc(24)), box('hdlr', facts));
  return box('trak', box('tkhd', Buffer.alloc(84)), ...before, media);
}

/** Audio with this many tracks, each with this many empty boxes. */
export function mp4OfBoxes(tracks: number, boxesInEach: number): Buffer {
  const one = track('soun', ...Array.from({ length: boxesInEach }, () => box('free')));
  return Buffer.concat([
    box('ftyp', Buffer.from('mp42\0\0\0\0mp42', 'latin1')),
    box('moov', ...Array.from({ length: tracks }, () => one)),
  ]);
}

/** A recording or a film, with a track for each handler: `soun`, `vide`, … */
export function mp4(brand: string, ...handlers: string[]): Buffer {
  const tracks = handlers.map((handler) => track(handler));
  // A length of 1: the real length follows, as in files that may exceed 4 GB.
  const sound = box('mdat', Buffer.alloc(8), Buffer.alloc(5_000, 7));
  sound.writeBigUInt64BE(BigInt(sound.length), 8);
  sound.writeUInt32BE(1, 0);
  const first = box('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}`, 'latin1'));
  return Buffer.concat([first, sound, box('moov', box('mvhd', Buffer.alloc(100)), ...tracks)]);
}

/** With this many bytes in total. */
export function pdf(bytes = 400): Buffer {
  const head = Buffer.from('%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n');
  const tail = Buffer.from('\ntrailer << /Root 1 0 R >>\n%%EOF\n');
  // Not all the same byte, so that a misplaced piece is noticed.
  const body = Buffer.alloc(Math.max(bytes - head.length - tail.length, 0));
  for (let at = 0; at + 4 <= body.length; at += 4) body.writeUInt32LE(at, at);
  return Buffer.concat([head, body, tail]);
}

export const samples = {
  pdf: pdf(),
  doc: compoundFile('WordDocument', '1Table'),
  docx: officeFile(wordMain, 'word/document.xml'),
  xls: compoundFile('Workbook'),
  xlsx: officeFile(`${openXml}.spreadsheetml.sheet.main+xml`, 'xl/workbook.xml'),
  txt: Buffer.from('Patient reports pain – since 2024, “constant”.\r\n'),
  rtf: Buffer.from('{\\rtf1\\ansi Dear Doctor\\par}'),
  jpeg: Buffer.concat([
    Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'),
    Buffer.alloc(60),
    Buffer.from('ffd9', 'hex'),
  ]),
  png: Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
    Buffer.from('0000000d49444154789c6300010000000500010d0a2db40000000049454e44ae426082', 'hex'),
  ]),
  tiff: Buffer.concat([Buffer.from('49492a0008000000', 'hex'), Buffer.alloc(64)]),
  heic: isoMedia('heic'),
  dicom: Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(60)]),
  mp3: Buffer.concat([
    Buffer.from('ID3\x04\x00\x00\x00\x00\x00\x00', 'latin1'),
    Buffer.from('fffb9000', 'hex'),
    Buffer.alloc(800),
  ]),
  m4a: isoMedia('M4A '),
  wav: Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt ', 'latin1'), Buffer.alloc(40)]),
  zip: zipOf([
    { name: 'scans/1.txt', data: Buffer.from('one') },
    { name: 'scans/2.txt', data: Buffer.from('two') },
  ]),
  msg: compoundFile('__nameid_version1.0', '__properties_version1.0', '__substg1.0_0037001F', {
    storage: '__attach_version1.0_#00000000',
    holds: ['WordDocument'],
  }),
  eml: Buffer.from(
    'Received: from mail.example by mx.example;\r\n Mon, 1 Jun 2026 10:00:00 +1000\r\nFrom: Ann <ann@example.com>\r\n' +
      'Date: Mon, 1 Jun 2026 10:00:00 +1000\r\nSubject: The letter\r\n\r\nAttached.\r\n',
  ),
};

/** A program for Windows. */
export const executable = Buffer.concat([
  Buffer.from('MZ\x90\x00\x03\x00\x00\x00', 'latin1'),
  Buffer.alloc(400),
]);
export const installer = compoundFile('!AdminExecuteSequence', '!Property');
export const macroDocument = officeFile(wordMain, 'word/document.xml', [
  { name: 'word/vbaProject.bin', data: Buffer.from('macros') },
]);
export const protectedDocument = compoundFile('EncryptionInfo', 'EncryptedPackage');

/** A DOCX of about 64 kB that unpacks to `megabytes`. */
export function zipBomb(megabytes = 64): Buffer {
  const zeros = Buffer.alloc(megabytes * 1024 * 1024);
  return officeFile(wordMain, 'word/document.xml', [{ name: 'word/media/image1.bin', data: zeros }]);
}

/** The same, but its directory claims to be small. */
export function lyingZipBomb(megabytes = 64): Buffer {
  const zeros = Buffer.alloc(megabytes * 1024 * 1024);
  return officeFile(wordMain, 'word/document.xml', [
    { name: 'word/media/image1.bin', data: zeros, declaredSize: 1_000 },
  ]);
}

/** Two names for the same packed bytes. */
export function overlappingZip(): Buffer {
  const whole = zipOf([
    { name: 'a.txt', data: Buffer.alloc(5_000, 'a') },
    { name: 'b.txt', data: Buffer.alloc(5_000, 'b') },
  ]);
  // The directory's second entry points to the first one's data.
  const second = whole.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  whole.writeUInt32LE(0, second + 42);
  return whole;
}
