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
  /** Hex; the store compared the part's bytes with it. Null: this store keeps no SHA-256 of parts. */
  sha256: string | null;
}

/** What the store does on its own with objects below a prefix, after so many days; null: it does not. */
export interface LifecycleRule {
  /** Empty: the whole bucket. */
  prefix: string;
  abortsUploadsAfter: number | null;
  removesObjectsAfter: number | null;
  removesOldVersionsAfter: number | null;
  removesDeleteMarkers: boolean;
}

/** What a browser sends to the store itself, and how. */
export interface PartAddress {
  url: string;
  /** To be sent along: they are part of what is signed. */
  headers: Record<string, string>;
}

/**
 * Where the bytes of documents lie. Keys are ours, made of random characters. Every method throws
 * ObjectStoreUnavailable when the store does not answer as it should; what may be absent is null.
 */
export interface ObjectStore {
  put(key: string, body: Buffer): Promise<void>;
  /**
   * Null when there is no such object; a range is as long as the object has bytes for it, perhaps none. The stream
   * fails when the store stops sending, not when its reader is slow. Destroy it when it is not read to its end.
   */
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

  /** Of the store as browsers reach it; null: they do not, and the four below are of no use. */
  readonly browserOrigin: string | null;
  /** For uploads that go from the browser to the store. */
  startUpload(key: string): Promise<string>;
  /** To PUT exactly `size` bytes with this SHA-256 (hex) to, valid for `seconds` (at most 300). */
  partAddress(
    key: string,
    uploadId: string,
    part: { partNumber: number; size: number; sha256: string },
    seconds: number,
  ): Promise<PartAddress>;
  /** In the order of their numbers; null when there is no such upload. */
  parts(key: string, uploadId: string): Promise<StoredPart[] | null>;
  /** False when there is no such upload: never was, or is complete already. */
  completeUpload(key: string, uploadId: string, parts: StoredPart[]): Promise<boolean>;

  /** Those that are enabled. */
  lifecycle(): Promise<LifecycleRule[]>;
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
