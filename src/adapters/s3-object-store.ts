// Stores documents' bytes in S3 or a compatible store.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type LifecycleRule as S3LifecycleRule,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { freeReads } from '../lib/blocks.ts';
import {
  ObjectStoreUnavailable,
  unavailable,
  type LifecycleRule,
  type ObjectStore,
  type StoredPart,
} from '../ports/object-store.ts';
import { LargeReadAgent } from './large-reads.ts';
import { withReadTimeout } from './read-timeout.ts';

export interface S3Settings {
  bucket: string;
  region: string;
  /** Unset: Amazon's own. */
  endpoint?: string | undefined;
  /** The address at which browsers reach the store; unset: no direct uploads. */
  browserEndpoint?: string | undefined;
  /** Unset: the SDK finds them (role, profile). */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  forcePathStyle?: boolean | undefined;
  encryption: 'AES256' | 'aws:kms' | 'none';
  /** Time-out for an answer to begin, and for each wait for more of it. Default 30 s. */
  timeoutMs?: number | undefined;
}

export interface S3Connection {
  client: S3Client;
  /** For objects' bytes. No socket time-out, because readers may be slow; withReadTimeout notices a silent store. */
  reader: S3Client;
  /** For presigned addresses: adds no checksum of its own, because it does not see the bytes. */
  signer: S3Client;
  settings: S3Settings;
}

const maxAddressSeconds = 300;
const sha256Header = 'x-amz-checksum-sha256';
/** The most keys that S3 deletes in one request. */
const maxRemoved = 1000;

export function connectS3(settings: S3Settings): S3Connection {
  const timeoutMs = timeoutOf(settings);
  const connections = { maxSockets: 100, keepAlive: true };
  const handler = {
    connectionTimeout: Math.min(3_000, timeoutMs),
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: connections,
    httpsAgent: connections,
  };
  const config: S3ClientConfig = {
    region: settings.region,
    forcePathStyle: settings.forcePathStyle ?? false,
    maxAttempts: 3,
    // The SDK sends such a request on a connection of its own, and its body a round trip later.
    expectContinueHeader: false,
    // We compare every byte with our own hashes, and the SDK's checksum stream does not release the socket.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // requestTimeout ends when the answer begins; after that, a silent socket is the only sign that it will not finish.
    requestHandler: { ...handler, socketTimeout: timeoutMs },
  };
  if (settings.endpoint) config.endpoint = settings.endpoint;
  if (settings.credentials) config.credentials = settings.credentials;
  const signer = new S3Client({
    ...config,
    ...(settings.browserEndpoint && { endpoint: settings.browserEndpoint }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const reader = new S3Client({
    ...config,
    requestHandler: { ...handler, httpAgent: new LargeReadAgent(connections) },
  });
  return { client: new S3Client(config), reader, signer, settings };
}

function timeoutOf({ timeoutMs = 30_000 }: S3Settings): number {
  return timeoutMs;
}

/** The encryption that every object is stored with. */
export function encryptionOf({ encryption }: S3Settings): { ServerSideEncryption?: 'AES256' | 'aws:kms' } {
  return encryption === 'none' ? {} : { ServerSideEncryption: encryption };
}

export function createS3ObjectStore({ client, reader, signer, settings }: S3Connection): ObjectStore {
  const Bucket = settings.bucket;
  const encryption = encryptionOf(settings);

  return {
    put: (key, body) =>
      orUnavailable(async () => {
        await client.send(new PutObjectCommand({ Bucket, Key: key, Body: body, ...encryption }));
      }),

    get: (key, range) =>
      orNull(async () => {
        const Range = range && `bytes=${range.start}-${range.end}`;
        try {
          const found = await reader.send(new GetObjectCommand({ Bucket, Key: key, Range }));
          const body = found.Body as IncomingMessage;
          freeReads(body);
          const stream = withReadTimeout(body, timeoutOf(settings));
          return { stream, size: found.ContentLength ?? 0 };
        } catch (error) {
          // The object ends before the range begins.
          if (nameOf(error) === 'InvalidRange') return { stream: Readable.from([]), size: 0 };
          throw error;
        }
      }),

    head: (key) =>
      orNull(async () => {
        const found = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
        return {
          key,
          size: found.ContentLength ?? 0,
          etag: found.ETag ?? '',
          lastModified: found.LastModified ?? new Date(0),
        };
      }),

    copy: async (from, to) => {
      const CopySource = `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
      const copied = await orNull(() =>
        client.send(new CopyObjectCommand({ Bucket, Key: to, CopySource, ...encryption })),
      );
      return copied !== null;
    },

    remove: (keys) =>
      orUnavailable(async () => {
        for (let at = 0; at < keys.length; at += maxRemoved) {
          const Objects = keys.slice(at, at + maxRemoved).map((Key) => ({ Key }));
          const answer = await client.send(
            new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
          );
          const [error] = answer.Errors ?? [];
          if (error) throw new ObjectStoreUnavailable(error.Code ?? 'DeleteObjects');
        }
      }),

    async *list(prefix) {
      let ContinuationToken: string | undefined;
      do {
        const token = ContinuationToken;
        const page = await orUnavailable(() =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: token })),
        );
        for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
          yield {
            key: Key ?? '',
            size: Size ?? 0,
            etag: ETag ?? '',
            lastModified: LastModified ?? new Date(0),
          };
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
    },

    async *openUploads(prefix) {
      let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {};
      while (markers) {
        const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
          Bucket,
          Prefix: prefix,
          ...markers,
        });
        const page: ListMultipartUploadsCommandOutput = await orUnavailable(() => client.send(command));
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          yield { key: Key ?? '', uploadId: UploadId ?? '', startedAt: Initiated ?? new Date(0) };
        }
        markers = page.IsTruncated
          ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
          : null;
      }
    },

    abortUpload: async (key, uploadId) => {
      await orNull(() =>
        client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId })),
      );
    },

    browserOrigin: browserOriginOf(settings),

    startUpload: (key) =>
      orUnavailable(async () => {
        const begun = await client.send(
          new CreateMultipartUploadCommand({ Bucket, Key: key, ChecksumAlgorithm: 'SHA256', ...encryption }),
        );
        if (!begun.UploadId) throw new ObjectStoreUnavailable('CreateMultipartUpload');
        return begun.UploadId;
      }),

    partAddress: (key, uploadId, { partNumber, size, sha256 }, seconds) =>
      orUnavailable(async () => {
        const checksum = Buffer.from(sha256, 'hex').toString('base64');
        const command = new UploadPartCommand({
          Bucket,
          Key: key,
          UploadId: uploadId,
          PartNumber: partNumber,
          ContentLength: size,
          ChecksumSHA256: checksum,
        });
        const url = await getSignedUrl(signer, command, {
          expiresIn: Math.min(seconds, maxAddressSeconds),
          // Signs length and hash, so that the address accepts exactly these bytes.
          signableHeaders: new Set(['host', 'content-length', sha256Header]),
          unhoistableHeaders: new Set([sha256Header]),
        });
        return { url, headers: { [sha256Header]: checksum } };
      }),

    parts: (key, uploadId) =>
      orNull(async () => {
        const found: StoredPart[] = [];
        let PartNumberMarker: string | undefined;
        do {
          const page = await client.send(
            new ListPartsCommand({ Bucket, Key: key, UploadId: uploadId, PartNumberMarker }),
          );
          for (const { PartNumber, ETag, Size, ChecksumSHA256 } of page.Parts ?? []) {
            const sha256 = ChecksumSHA256 ? Buffer.from(ChecksumSHA256, 'base64').toString('hex') : null;
            found.push({ partNumber: PartNumber ?? 0, etag: ETag ?? '', size: Size ?? 0, sha256 });
          }
          PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
        } while (PartNumberMarker);
        return found;
      }),

    completeUpload: async (key, uploadId, parts) => {
      const Parts = parts.map(({ partNumber, etag, sha256 }) => ({
        PartNumber: partNumber,
        ETag: etag,
        ...(sha256 !== null && { ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64') }),
      }));
      const command = new CompleteMultipartUploadCommand({
        Bucket,
        Key: key,
        UploadId: uploadId,
        MultipartUpload: { Parts },
      });
      return (await orNull(() => client.send(command))) !== null;
    },

    lifecycle: () =>
      orUnavailable(async () => {
        try {
          const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
          return lifecycleRules(Rules);
        } catch (error) {
          if (nameOf(error) === 'NoSuchLifecycleConfiguration') return [];
          throw error;
        }
      }),

    ping: () =>
      orUnavailable(async () => {
        await client.send(new HeadBucketCommand({ Bucket }));
      }),

    close() {
      client.destroy();
      reader.destroy();
      signer.destroy();
    },
  };
}

/** Leaves out rules for objects with certain tags or sizes, because ours have none. */
export function lifecycleRules(rules: readonly S3LifecycleRule[]): LifecycleRule[] {
  return rules.flatMap(({ Status, Filter, Prefix, ...rule }) => {
    const { Tag, And, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter ?? {};
    if (Status !== 'Enabled' || Tag || And || ObjectSizeGreaterThan || ObjectSizeLessThan) return [];
    const { AbortIncompleteMultipartUpload, Expiration, NoncurrentVersionExpiration } = rule;
    return [
      {
        prefix: Filter?.Prefix ?? Prefix ?? '',
        abortsUploadsAfter: AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
        removesObjectsAfter: Expiration?.Days ?? null,
        removesOldVersionsAfter: NoncurrentVersionExpiration?.NoncurrentDays ?? null,
        removesDeleteMarkers: Expiration?.ExpiredObjectDeleteMarker ?? false,
      },
    ];
  });
}

/** The origin of presigned addresses: the bucket's own host, or the endpoint's host when the bucket is in the path. */
function browserOriginOf({ browserEndpoint, bucket, forcePathStyle }: S3Settings): string | null {
  if (!browserEndpoint) return null;
  const { protocol, host } = new URL(browserEndpoint);
  // The SDK puts a bucket whose name has dots into the path, because no certificate covers such a host.
  const isInPath = forcePathStyle || bucket.includes('.');
  return isInPath ? `${protocol}//${host}` : `${protocol}//${bucket}.${host}`;
}

const notFoundErrors = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

async function orNull<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (notFoundErrors.has(nameOf(error))) return null;
    throw unavailable(error);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

async function orUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw unavailable(error);
  }
}
