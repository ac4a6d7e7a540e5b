// Keeps buckets as folders. An object is a small JSON file that lists the files of its bytes, and is written after
// them, so that a reader finds only complete objects, whenever the process is killed.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { freeBlock } from '../../lib/blocks.ts';

export interface StoredBytes {
  file: string;
  size: number;
}

export interface Written extends StoredBytes {
  md5: string;
  /** Base64, as S3 writes it. */
  crc32: string;
  sha256: string;
}

export interface ObjectRecord {
  etag: string;
  size: number;
  lastModified: string;
  contentType: string;
  sse: string | null;
  crc32: string | null;
  metadata: Record<string, string>;
  files: StoredBytes[];
}

export interface PartRecord extends Written {
  number: number;
}

export interface UploadRecord {
  uploadId: string;
  key: string;
  initiated: string;
  /** Each part must be sent with its SHA-256. */
  isHashed: boolean;
  contentType: string;
  sse: string | null;
  metadata: Record<string, string>;
}

/** Each call goes through a thread. */
const [readBytes, writeBytes] = [256 * 1024, 1024 * 1024];

export type S3Files = ReturnType<typeof createS3Files>;

export function createS3Files(directory: string) {
  const bytesFolder = path.join(directory, 'bytes');
  const pathOf = (file: string) => path.join(bytesFolder, file);
  const objectsOf = (bucket: string) =>
    path.join(directory, 'buckets', encodeURIComponent(bucket), 'objects');
  const uploadsOf = (bucket: string) =>
    path.join(directory, 'buckets', encodeURIComponent(bucket), 'uploads');
  const lifecycleOf = (bucket: string) =>
    path.join(directory, 'buckets', encodeURIComponent(bucket), 'lifecycle.xml');
  const recordOf = (bucket: string, key: string) =>
    path.join(objectsOf(bucket), `${encodeURIComponent(key)}.json`);
  const uploadOf = (bucket: string, id: string) => path.join(uploadsOf(bucket), encodeURIComponent(id));

  const files = {
    pathOf,

    async createBucket(bucket: string): Promise<void> {
      await mkdir(bytesFolder, { recursive: true });
      await mkdir(objectsOf(bucket), { recursive: true });
      await mkdir(uploadsOf(bucket), { recursive: true });
    },

    /** Does not read the folder: each request asks, and a bucket may have thousands of objects. */
    async hasBucket(bucket: string): Promise<boolean> {
      return (await unlessMissing(stat(objectsOf(bucket)))) !== null;
    },

    /** The rules as XML; null: none were set. */
    lifecycle: (bucket: string): Promise<string | null> =>
      unlessMissing(readFile(lifecycleOf(bucket), 'utf8')),

    async setLifecycle(bucket: string, rules: string): Promise<void> {
      await writeFile(lifecycleOf(bucket), rules);
    },

    /** Leaves nothing behind when the source fails. */
    async write(source: AsyncIterable<Buffer>): Promise<Written> {
      const file = randomUUID();
      const [md5, sha256] = [createHash('md5'), createHash('sha256')];
      let size = 0;
      let crc = 0;
      const count = (piece: Buffer) => {
        md5.update(piece);
        sha256.update(piece);
        crc = crc32(piece, crc);
        size += piece.length;
      };
      try {
        await writeFrom(source, pathOf(file), count);
      } catch (error) {
        await files.dropBytes([{ file, size }]);
        throw error;
      }
      const crcBytes = Buffer.alloc(4);
      crcBytes.writeUInt32BE(crc);
      return {
        file,
        size,
        md5: md5.digest('hex'),
        crc32: crcBytes.toString('base64'),
        sha256: sha256.digest('hex'),
      };
    },

    async dropBytes(stored: StoredBytes[]): Promise<void> {
      await Promise.all(stored.map(({ file }) => rm(pathOf(file), { force: true })));
    },

    find: (bucket: string, key: string) => readJson<ObjectRecord>(recordOf(bucket, key)),

    async put(bucket: string, key: string, record: ObjectRecord): Promise<void> {
      const before = await files.find(bucket, key);
      await writeJson(recordOf(bucket, key), record);
      if (before) await files.dropBytes(before.files);
    },

    async remove(bucket: string, key: string): Promise<void> {
      const before = await files.find(bucket, key);
      await rm(recordOf(bucket, key), { force: true });
      if (before) await files.dropBytes(before.files);
    },

    /** Links the same bytes under new names. Safe, because bytes are never changed in place. */
    async link(stored: StoredBytes[]): Promise<StoredBytes[]> {
      return Promise.all(
        stored.map(async ({ file, size }) => {
          const copy = randomUUID();
          await link(pathOf(file), pathOf(copy));
          return { file: copy, size };
        }),
      );
    },

    /** Keys in order. */
    async keys(bucket: string, prefix: string): Promise<string[]> {
      const found = (await names(objectsOf(bucket))) ?? [];
      return found
        .filter((name) => name.endsWith('.json'))
        .map((name) => decodeURIComponent(name.slice(0, -'.json'.length)))
        .filter((key) => key.startsWith(prefix))
        .sort();
    },

    async *read(stored: StoredBytes[], start: number, end: number): AsyncGenerator<Buffer> {
      let before = 0;
      for (const { file, size } of stored) {
        const [from, to] = [Math.max(start - before, 0), Math.min(end - before, size - 1)];
        before += size;
        if (from > to || size === 0) continue;
        const bytes = createReadStream(pathOf(file), { start: from, end: to, highWaterMark: readBytes });
        yield* bytes as AsyncIterable<Buffer>;
      }
    },

    async openUpload(bucket: string, upload: UploadRecord): Promise<void> {
      await mkdir(uploadOf(bucket, upload.uploadId), { recursive: true });
      await writeJson(path.join(uploadOf(bucket, upload.uploadId), 'upload.json'), upload);
    },

    findUpload: (bucket: string, id: string) =>
      readJson<UploadRecord>(path.join(uploadOf(bucket, id), 'upload.json')),

    async putPart(bucket: string, id: string, part: PartRecord): Promise<void> {
      const record = path.join(uploadOf(bucket, id), `part-${part.number}.json`);
      const before = await readJson<PartRecord>(record);
      await writeJson(record, part);
      if (before) await files.dropBytes([before]);
    },

    async parts(bucket: string, id: string): Promise<PartRecord[]> {
      const found = ((await names(uploadOf(bucket, id))) ?? []).filter((name) => name.startsWith('part-'));
      const parts = await Promise.all(
        found
          .filter((name) => name.endsWith('.json'))
          .map((name) => readJson<PartRecord>(path.join(uploadOf(bucket, id), name))),
      );
      return parts.filter((part) => part !== null).sort((a, b) => a.number - b.number);
    },

    /** Removes the record first, so that whoever finds the record also finds all parts. */
    async closeUpload(bucket: string, id: string): Promise<void> {
      await rm(path.join(uploadOf(bucket, id), 'upload.json'), { force: true });
      await rm(uploadOf(bucket, id), { recursive: true, force: true });
    },

    async uploads(bucket: string, prefix: string): Promise<UploadRecord[]> {
      const ids = (await names(uploadsOf(bucket))) ?? [];
      const found = await Promise.all(ids.map((id) => files.findUpload(bucket, decodeURIComponent(id))));
      return found
        .filter((upload) => upload !== null)
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => (a.key + a.uploadId < b.key + b.uploadId ? -1 : 1));
    },
  };
  return files;
}

/** Frees the pieces, except those that are a part of a block. */
async function writeFrom(
  source: AsyncIterable<Buffer>,
  file: string,
  onPiece: (piece: Buffer) => void,
): Promise<void> {
  const handle = await open(file, 'w');
  let pieces: Buffer[] = [];
  let length = 0;
  const writeGathered = async () => {
    if (length === 0) return;
    const { bytesWritten } = await handle.writev(pieces);
    if (bytesWritten < length) throw new Error('The disk is full');
    for (const piece of pieces) freeBlock(piece);
    [pieces, length] = [[], 0];
  };
  try {
    for await (const piece of source) {
      onPiece(piece);
      pieces.push(piece);
      length += piece.length;
      if (length >= writeBytes) await writeGathered();
    }
    await writeGathered();
  } finally {
    await handle.close();
  }
}

async function writeJson(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, file);
}

async function readJson<T>(file: string): Promise<T | null> {
  const text = await unlessMissing(readFile(file, 'utf8'));
  return text === null ? null : (JSON.parse(text) as T);
}

const names = (folder: string): Promise<string[] | null> => unlessMissing(readdir(folder));

async function unlessMissing<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
