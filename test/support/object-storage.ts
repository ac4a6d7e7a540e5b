// The S3 of the tests: the stand-in over files, one server for the whole run, a bucket for each caller.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { uploadCors } from '../../src/dev/s3/cors.ts';
import { startS3Server, type S3Server, type S3ServerOptions } from '../../src/dev/s3/server.ts';

export const testCredentials = { accessKeyId: 'test', secretAccessKey: 'a-secret-of-the-tests' };

export interface TestStorage {
  server: S3Server;
  bucket: string;
  /** The app's configuration for it. */
  env: Record<string, string>;
  keys(prefix?: string): Promise<string[]>;
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(): Promise<string[]>;
  /** Changes one byte of an object directly in the store. */
  damage(key: string, at?: number): Promise<void>;
  /** Truncates an object directly in the store to its first `size` bytes. */
  shorten(key: string, size: number): Promise<void>;
  close(): Promise<void>;
}

/** A separate server, for tests that make it fail. */
export async function openTestStorage(
  options: Pick<S3ServerOptions, 'omitsPartHashes' | 'cors' | 'lifecycle'> = {},
): Promise<TestStorage> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'examdesk-s3-'));
  const bucket = `test-${randomUUID()}`;
  const server = await startS3Server({
    directory,
    ...testCredentials,
    buckets: [bucket],
    cors: uploadCors('*'),
    ...options,
  });
  // Also when the run is interrupted.
  const sweep = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', sweep);
  return {
    server,
    bucket,
    env: {
      S3_BUCKET: bucket,
      S3_REGION: 'us-east-1',
      S3_ENDPOINT: server.url,
      S3_BROWSER_ENDPOINT: server.url,
      S3_ACCESS_KEY_ID: testCredentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    },
    keys: (prefix = '') => server.files.keys(bucket, prefix),
    openUploads: async () => (await server.files.uploads(bucket, '')).map(({ key }) => key),
    async damage(key, at = 0) {
      const found = await server.files.find(bucket, key);
      let before = 0;
      for (const { file, size } of found?.files ?? []) {
        if (at < before + size) return flip(server.files.pathOf(file), at - before);
        before += size;
      }
      throw new Error(`There is no byte ${at} of ${key}`);
    },
    async shorten(key, size) {
      const found = await server.files.find(bucket, key);
      if (!found) throw new Error(`There is no ${key}`);
      let left = size;
      const files = (await server.files.link(found.files)).map((one) => {
        const kept = Math.min(one.size, left);
        left -= kept;
        return { ...one, size: kept };
      });
      await server.files.put(bucket, key, { ...found, size, files });
    },
    async close() {
      await server.close();
      process.removeListener('exit', sweep);
      sweep();
    },
  };
}

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await handle.write(byte, 0, 1, at);
  } finally {
    await handle.close();
  }
}
