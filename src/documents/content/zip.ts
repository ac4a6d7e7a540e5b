// Inspects a whole ZIP: refuses bombs, passwords and macros, and tells Word and Excel from other archives.
import { Readable } from 'node:stream';
import {
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type Entry,
  type ZipFile,
} from 'yauzl';
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

const mebibyte = 1024 * 1024;
const maxEntries = 10_000;
/** The largest directory that is read: names, extra fields and comments. Real archives have some hundred bytes an entry. */
const maxDirectoryBytes = 8 * mebibyte;
const entryHeaderBytes = 46;
const maxUnpacked = 2048 * mebibyte;
/** An archive that unpacks to fewer bytes is harmless, whatever its ratio. */
const harmlessUnpacked = 10 * mebibyte;
/** The highest accepted ratio of unpacked to packed bytes. Real documents stay far below; deflate's maximum is 1032. */
const maxRatio = 100;
/** How many bytes are kept of an entry that tells the kind. */
const maxKept = mebibyte;
const contentTypesName = '[content_types].xml';
/** OpenDocument and EPUB say what they are in this entry. */
const mimeTypeName = 'mimetype';
/** How many bytes may follow the archive's end. */
const maxBehindEnd = mebibyte;
const endBytes = 22;
const maxComment = 0xffff;

/** @throws ContentRefused */
export async function inspectZip(file: RandomAccess): Promise<DocumentKind> {
  const archive = await open(file, await endOf(file));
  const { entries, contentTypes, mimeType, hasMacros } = await readDirectory(archive, file);
  const texts = new Map<Entry, string>();
  let unpacked = 0;
  for (const entry of entries) {
    const tellsKind = entry === contentTypes || entry === mimeType;
    const found = await unpack(archive, entry, tellsKind ? maxKept : 0);
    unpacked += found.size;
    refuseBomb(unpacked, file.size);
    if (tellsKind) texts.set(entry, found.text);
  }
  const textOf = (entry: Entry | null) => (entry && texts.get(entry)) ?? '';
  return kindBy(textOf(contentTypes), textOf(mimeType), hasMacros);
}

/** Finds where the archive ends, because mail gateways, tapes and downloads append bytes. */
async function endOf(file: RandomAccess): Promise<number> {
  const start = Math.max(0, file.size - maxBehindEnd - maxComment - endBytes);
  const tail = await file.read(start, file.size - start);
  for (let at = tail.length; at > 0; ) {
    at = tail.lastIndexOf(endMagic, at - 1);
    if (at === -1) break;
    const end = at + endBytes <= tail.length ? at + endBytes + tail.readUInt16LE(at + 20) : Infinity;
    if (end <= tail.length && (await hasDirectory(file, tail, at))) return start + end;
  }
  return file.size;
}

/** Whether the directory is where the archive's end, at `at`, says. */
async function hasDirectory(file: RandomAccess, tail: Buffer, at: number): Promise<boolean> {
  const offset = tail.readUInt32LE(at + 16);
  if (tail.readUInt16LE(at + 10) === 0 || offset === 0xffffffff) return true;
  return offset < file.size && (await file.read(offset, 4)).equals(entryMagic);
}

interface Directory {
  /** The entries by offset, without their names. */
  entries: Entry[];
  contentTypes: Entry | null;
  mimeType: Entry | null;
  hasMacros: boolean;
}

const endMagic = Buffer.from('PK\x05\x06', 'latin1');
const entryMagic = Buffer.from('PK\x01\x02', 'latin1');

async function open(file: RandomAccess, size: number): Promise<ZipFile> {
  return fromRandomAccessReaderPromise(new YauzlReader(file), size, {
    autoClose: false,
    validateEntrySizes: true,
    // yauzl decodes a comment character by character, which takes 2 MB for 64 kB.
    decodeStrings: false,
  }).catch(rethrow);
}

/** Reads and checks the directory before a byte is unpacked. */
async function readDirectory(archive: ZipFile, file: RandomAccess): Promise<Directory> {
  if (archive.entryCount > maxEntries) throw new ContentRefused('zip_bomb');
  if (archive.entryCount === 0) throw new ContentRefused('empty');
  const entries: Entry[] = [];
  let contentTypes: Entry | null = null;
  let mimeType: Entry | null = null;
  let hasMacros = false;
  let [declared, directoryBytes] = [0, 0];
  try {
    for await (const entry of archive.eachEntry()) {
      directoryBytes += entryHeaderBytes + textBytes(entry);
      if (directoryBytes > maxDirectoryBytes) throw new ContentRefused('zip_bomb');
      if (entry.isEncrypted()) throw new ContentRefused('encrypted');
      if (!entry.canDecodeFileData()) throw new ContentRefused('odd_packing');
      declared += entry.uncompressedSize;
      refuseBomb(declared, file.size);
      const name = nameOf(entry);
      if (name === contentTypesName) contentTypes = entry;
      if (name === mimeTypeName) mimeType = entry;
      hasMacros ||= /(^|\/)vbaproject\.bin$/.test(name);
      entries.push(withoutText(entry));
    }
  } catch (error) {
    rethrow(error);
  }
  entries.sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  refuseOverlaps(entries);
  return { entries, contentTypes, mimeType, hasMacros };
}

function textBytes({ fileNameLength, extraFieldLength, fileCommentLength }: Entry): number {
  return fileNameLength + extraFieldLength + fileCommentLength;
}

/** The path as programs unpack it, in lower case: they ignore a drive or a slash in front, which therefore do no harm. */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
    .replaceAll('\\', '/')
    .replace(/^([A-Za-z]:)?\/*/, '')
    .toLowerCase();
  if (name.split('/').includes('..')) throw new ContentRefused('unsafe_names');
  return name;
}

const noBytes = Buffer.alloc(0);

/** Drops an entry's text, because thousands are held at once and only their offsets are used later. */
function withoutText(entry: Entry): Entry {
  return Object.assign(entry, {
    fileName: '',
    fileComment: '',
    comment: '',
    extraFields: [],
    fileNameRaw: noBytes,
    extraFieldRaw: noBytes,
    fileCommentRaw: noBytes,
  });
}

function refuseBomb(unpacked: number, packed: number): void {
  if (unpacked <= harmlessUnpacked) return;
  if (unpacked > maxUnpacked || unpacked > packed * maxRatio) throw new ContentRefused('zip_bomb');
}

/** The densest bombs list the same packed bytes under several names. */
function refuseOverlaps(entries: Entry[]): void {
  for (const [index, { relativeOffsetOfLocalHeader: start, compressedSize }] of entries.entries()) {
    const next = entries[index + 1];
    if (next && start + 30 + compressedSize > next.relativeOffsetOfLocalHeader) {
      throw new ContentRefused('zip_bomb');
    }
  }
}

/** Unpacks an entry to get its real size, because the directory's may be false. Keeps the first `keep` bytes. */
async function unpack(archive: ZipFile, entry: Entry, keep: number): Promise<{ size: number; text: string }> {
  let size = 0;
  const kept: Buffer[] = [];
  try {
    const content = await archive.openReadStreamPromise(entry);
    for await (const piece of content as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size <= keep) kept.push(piece);
    }
  } catch (error) {
    // yauzl stops an entry that grows beyond its declared size.
    if (error instanceof Error && error.message.startsWith('too many bytes')) {
      throw new ContentRefused('zip_bomb');
    }
    rethrow(error);
  }
  return { size, text: Buffer.concat(kept).toString('utf8') };
}

function kindBy(contentTypes: string, mimeType: string, hasMacros: boolean): DocumentKind {
  if (/^application\/(vnd\.|epub)/.test(mimeType)) throw new ContentRefused('unsupported_type');
  if (contentTypes === '') return 'zip';
  if (hasMacros || contentTypes.includes('macroEnabled')) throw new ContentRefused('macros');
  if (contentTypes.includes('wordprocessingml.document.main+xml')) return 'docx';
  if (contentTypes.includes('spreadsheetml.sheet.main+xml')) return 'xlsx';
  throw new ContentRefused('unsupported_type');
}

/** Errors of yauzl and zlib mean a broken file; errors of the store are rethrown as they are. */
function rethrow(error: unknown): never {
  if (error instanceof ContentRefused) throw error;
  if (error instanceof Error && error.message.startsWith('strong encryption'))
    throw new ContentRefused('encrypted');
  if (error instanceof Error && (error.name === 'Error' || 'errno' in error))
    throw new ContentRefused('broken');
  throw error;
}

class YauzlReader extends RandomAccessReader {
  readonly file: RandomAccess;
  constructor(file: RandomAccess) {
    super();
    this.file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(pieces(this.file, start, end), { objectMode: false });
  }
}

async function* pieces(file: RandomAccess, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const piece = await file.read(at, Math.min(mebibyte, end - at));
    if (piece.length === 0) return;
    at += piece.length;
    yield piece;
  }
}
