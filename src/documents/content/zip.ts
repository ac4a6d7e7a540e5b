// Looks through a ZIP as a whole: is it a bomb, may we look into it, and is it Word, Excel or just a ZIP?
import { Readable } from 'node:stream';
import {
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  validateFileName,
  type Entry,
  type ZipFile,
} from 'yauzl';
import { ContentRefused, type RandomAccess } from './content.ts';
import type { DocumentKind } from './kinds.ts';

const mebibyte = 1024 * 1024;
const maxEntries = 10_000;
/** Names, extra fields and comments of all entries: some hundred bytes each in real archives. */
const maxDirectoryBytes = 8 * mebibyte;
const entryHeaderBytes = 46;
const maxUnpacked = 2048 * mebibyte;
/** What unpacks to less harms nobody, however well it was packed. */
const harmlessUnpacked = 10 * mebibyte;
/** Real documents stay far below; deflate itself cannot do more than 1032. */
const maxRatio = 100;
const maxContentTypes = mebibyte;
const contentTypesName = '[Content_Types].xml';

/** @throws ContentRefused */
export async function lookThroughZip(file: RandomAccess): Promise<DocumentKind> {
  const archive = await open(file);
  const { entries, contentTypes, hasMacros } = await directoryOf(archive, file);
  let types = '';
  let unpacked = 0;
  for (const entry of entries) {
    const isTypes = entry === contentTypes;
    const found = await unpack(archive, entry, isTypes ? maxContentTypes : 0);
    unpacked += found.size;
    refuseBomb(unpacked, file.size);
    if (isTypes) types = found.text;
  }
  return kindBy(types, hasMacros);
}

interface Directory {
  /** In the order of their places, without their names. */
  entries: Entry[];
  contentTypes: Entry | null;
  hasMacros: boolean;
}

async function open(file: RandomAccess): Promise<ZipFile> {
  return fromRandomAccessReaderPromise(new StoredFile(file), file.size, {
    autoClose: false,
    validateEntrySizes: true,
    // yauzl would decode every comment, letter by letter: two megabytes for one of 64 kB.
    decodeStrings: false,
  }).catch(broken);
}

/** What the directory says is checked before a byte is unpacked. */
async function directoryOf(archive: ZipFile, file: RandomAccess): Promise<Directory> {
  if (archive.entryCount > maxEntries) throw new ContentRefused('zip_bomb');
  if (archive.entryCount === 0) throw new ContentRefused('empty');
  const entries: Entry[] = [];
  let contentTypes: Entry | null = null;
  let hasMacros = false;
  let [declared, directoryBytes] = [0, 0];
  try {
    for await (const entry of archive.eachEntry()) {
      directoryBytes += entryHeaderBytes + bytesBeside(entry);
      if (directoryBytes > maxDirectoryBytes) throw new ContentRefused('zip_bomb');
      if (entry.isEncrypted()) throw new ContentRefused('encrypted');
      if (!entry.canDecodeFileData()) throw new ContentRefused('broken');
      declared += entry.uncompressedSize;
      refuseBomb(declared, file.size);
      const name = nameOf(entry);
      if (name === contentTypesName) contentTypes = entry;
      hasMacros ||= /(^|\/)vbaProject\.bin$/i.test(name);
      entries.push(withoutWords(entry));
    }
  } catch (error) {
    broken(error);
  }
  entries.sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  refuseOverlaps(entries);
  return { entries, contentTypes, hasMacros };
}

function bytesBeside({ fileNameLength, extraFieldLength, fileCommentLength }: Entry): number {
  return fileNameLength + extraFieldLength + fileCommentLength;
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
  if (validateFileName(name) !== null) throw new ContentRefused('broken');
  return name;
}

const none = Buffer.alloc(0);

/** Thousands are held at once: where its bytes lie is all that is still asked of an entry. */
function withoutWords(entry: Entry): Entry {
  return Object.assign(entry, {
    fileName: '',
    fileComment: '',
    comment: '',
    extraFields: [],
    fileNameRaw: none,
    extraFieldRaw: none,
    fileCommentRaw: none,
  });
}

function refuseBomb(unpacked: number, packed: number): void {
  if (unpacked <= harmlessUnpacked) return;
  if (unpacked > maxUnpacked || unpacked > packed * maxRatio) throw new ContentRefused('zip_bomb');
}

/** Several names for the same packed bytes: how the densest bombs are made. */
function refuseOverlaps(entries: Entry[]): void {
  for (const [index, { relativeOffsetOfLocalHeader: start, compressedSize }] of entries.entries()) {
    const next = entries[index + 1];
    if (next && start + 30 + compressedSize > next.relativeOffsetOfLocalHeader) {
      throw new ContentRefused('zip_bomb');
    }
  }
}

/** The size it really has: what the directory says of it may be a lie. */
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
    broken(error);
  }
  return { size, text: Buffer.concat(kept).toString('utf8') };
}

function kindBy(contentTypes: string, hasMacros: boolean): DocumentKind {
  if (contentTypes === '') return 'zip';
  if (hasMacros || contentTypes.includes('macroEnabled')) throw new ContentRefused('macros');
  if (contentTypes.includes('wordprocessingml.document.main+xml')) return 'docx';
  if (contentTypes.includes('spreadsheetml.sheet.main+xml')) return 'xlsx';
  throw new ContentRefused('unsupported_type');
}

/** Errors of the store pass; what yauzl and zlib complain of is the file's fault. */
function broken(error: unknown): never {
  if (error instanceof ContentRefused) throw error;
  if (error instanceof Error && (error.name === 'Error' || 'errno' in error))
    throw new ContentRefused('broken');
  throw error;
}

class StoredFile extends RandomAccessReader {
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
