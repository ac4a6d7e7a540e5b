import type { Readable } from 'node:stream';
import type { Request } from 'express';
import type { StorageEngine } from 'multer';

/** One stored object. `etag` is the store's own, with its quotes. */
export interface ObjectFacts {
  key: string;
  size: number;
  etag: string;
  lastModified: Date;
}

/** `key` names an upload in parts that was neither completed nor aborted. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  startedAt: Date;
}

/** Both ends included, as in a Range header. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredPart {
  partNumber: number;
  etag: string;
  size: number;
}

/**
 * Where the bytes of documents lie. Keys are ours, made of random characters. Every method throws
 * ObjectStoreUnavailable when the store does not answer as it should; what may be absent is null.
 */
export interface ObjectStore {
  put(key: string, body: Buffer): Promise<void>;
  /** Null when there is no such object. Destroy the stream when it is not read to its end. */
  get(key: string, range?: ByteRange): Promise<{ stream: Readable; size: number } | null>;
  head(key: string): Promise<ObjectFacts | null>;
  /** Within the store; false when there is no such object. What was at `to` is replaced. */
  copy(from: string, to: string): Promise<boolean>;
  /** No error for what is not there. */
  remove(keys: string[]): Promise<void>;
  list(prefix: string): AsyncIterable<ObjectFacts>;

  openUploads(prefix: string): AsyncIterable<OpenUpload>;
  /** No error for what is not there. */
  abortUpload(key: string, uploadId: string): Promise<void>;

  /** For uploads that go from the browser to the store. */
  startUpload(key: string): Promise<string>;
  /** An address to PUT exactly `size` bytes to, valid for `seconds` (at most 300). */
  partAddress(
    key: string,
    uploadId: string,
    part: { partNumber: number; size: number },
    seconds: number,
  ): Promise<string>;
  /** In the order of their numbers; null when there is no such upload. */
  parts(key: string, uploadId: string): Promise<StoredPart[] | null>;
  completeUpload(key: string, uploadId: string, parts: StoredPart[]): Promise<void>;

  ping(): Promise<void>;
  close(): void;
}

/** What is done with each file of a request; refuses by throwing, or by the error of `content`. */
export interface FileIntake {
  /** @returns where the bytes go, and the stream that they are read from */
  admit(req: Request, file: { originalName: string; stream: Readable }): { key: string; content: Readable };
}

/** Takes the files of one multipart request straight into the store; multer drives it. */
export type UploadStorage = (intake: FileIntake) => {
  engine: StorageEngine;
  /** Resolves when nothing is on its way any more: multer does not wait when the client has gone. */
  settled(): Promise<void>;
};

/** The store cannot be reached, or answers what nobody expects. `notFound` and the like are not errors. */
export class ObjectStoreUnavailable extends Error {
  override readonly name = 'ObjectStoreUnavailable';
  readonly code: string;
  constructor(code: string) {
    super(`The object store did not do as asked: ${code}`);
    this.code = code;
  }
}
