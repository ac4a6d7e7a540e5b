import type { Readable } from 'node:stream';
import type { Request } from 'express';
import type { StorageEngine } from 'multer';

/** A stored object. `etag` is the store's own, with its quotes. */
export interface ObjectFacts {
  key: string;
  size: number;
  etag: string;
  lastModified: Date;
}

/** `key` names a multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  startedAt: Date;
}

/** Both ends inclusive, as in a Range header. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredPart {
  partNumber: number;
  etag: string;
  size: number;
  /** Hex; the store verified the part against it. Null: this store keeps no SHA-256 of parts. */
  sha256: string | null;
}

/** After how many days the store itself deletes or aborts under a prefix; null: never. */
export interface LifecycleRule {
  /** Empty: the whole bucket. */
  prefix: string;
  abortsUploadsAfter: number | null;
  removesObjectsAfter: number | null;
  removesOldVersionsAfter: number | null;
  removesDeleteMarkers: boolean;
}

/** A request that the browser sends to the store itself. */
export interface PartAddress {
  url: string;
  /** Must be sent: they are covered by the signature. */
  headers: Record<string, string>;
}

/**
 * Stores the bytes of documents. Keys are ours, made of random characters. Every method throws ObjectStoreUnavailable
 * when the store does not answer as expected; for something that may be absent it returns null.
 */
export interface ObjectStore {
  put(key: string, body: Buffer): Promise<void>;
  /**
   * Null when there is no such object. A range is cut to the object's size, and may be empty. The stream fails when the
   * store stops sending, not when its reader is slow. Destroy a stream that is not read to its end. The bytes are the
   * reader's own: it may free them (lib/blocks.ts).
   */
  get(key: string, range?: ByteRange): Promise<{ stream: Readable; size: number } | null>;
  head(key: string): Promise<ObjectFacts | null>;
  /** Copies within the store and replaces what is at `to`; false when there is no such object. */
  copy(from: string, to: string): Promise<boolean>;
  /** Not an error when the object does not exist. */
  remove(keys: string[]): Promise<void>;
  list(prefix: string): AsyncIterable<ObjectFacts>;

  openUploads(prefix: string): AsyncIterable<OpenUpload>;
  /** Not an error when the upload does not exist. */
  abortUpload(key: string, uploadId: string): Promise<void>;

  /** The store's origin as browsers reach it; null: they cannot, and the four methods below are unused. */
  readonly browserOrigin: string | null;
  /** Starts an upload from the browser straight to the store. */
  startUpload(key: string): Promise<string>;
  /** A signed URL to PUT exactly `size` bytes with this SHA-256 (hex), valid for `seconds` (at most 300). */
  partAddress(
    key: string,
    uploadId: string,
    part: { partNumber: number; size: number; sha256: string },
    seconds: number,
  ): Promise<PartAddress>;
  /** Sorted by part number; null when there is no such upload. */
  parts(key: string, uploadId: string): Promise<StoredPart[] | null>;
  /** False when there is no such upload: it never existed, or is complete already. */
  completeUpload(key: string, uploadId: string, parts: StoredPart[]): Promise<boolean>;

  /** The enabled lifecycle rules. */
  lifecycle(): Promise<LifecycleRule[]>;
  ping(): Promise<void>;
  close(): void;
}

/** Handles each file of a request; refuses a file by throwing, or by the error of `content`. */
export interface FileIntake {
  /** @returns the key to store the file under, and the stream to read it from */
  admit(req: Request, file: { originalName: string; stream: Readable }): { key: string; content: Readable };
}

/** Streams the files of one multipart request straight into the store; driven by multer. */
export type UploadStorage = (intake: FileIntake) => {
  engine: StorageEngine;
  /** Resolves when no upload is in flight any more: multer does not wait when the client has disconnected. */
  settled(): Promise<void>;
};

/** The store cannot be reached, or answers unexpectedly. An object that does not exist is not such an error. */
export class ObjectStoreUnavailable extends Error {
  override readonly name = 'ObjectStoreUnavailable';
  readonly code: string;
  constructor(code: string) {
    super(`The object store did not do as asked: ${code}`);
    this.code = code;
  }
}

/** Keeps only the code of an error, because the messages of stores can quote addresses. */
export function unavailable(error: unknown): ObjectStoreUnavailable {
  if (error instanceof ObjectStoreUnavailable) return error;
  const { code, name } = error as { code?: unknown; name?: unknown };
  return new ObjectStoreUnavailable(
    typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown',
  );
}
