// The file store and the accepted kinds of files, from the configuration.
import { noObjectStore, noUploadStorage } from '../adapters/no-object-store.ts';
import { connectS3, createS3ObjectStore } from '../adapters/s3-object-store.ts';
import { createS3UploadStorage } from '../adapters/s3-upload-storage.ts';
import { ConfigError, type Config } from '../config.ts';
import { allKinds, type DocumentKind } from '../documents/index.ts';
import type { ObjectStore, UploadStorage } from '../ports/object-store.ts';

export function acceptedKinds({ UPLOAD_TYPES }: Config): readonly DocumentKind[] {
  if (UPLOAD_TYPES === undefined) return allKinds;
  const wanted = UPLOAD_TYPES.split(',').map((kind) => kind.trim());
  const unknown = wanted.find((kind) => !allKinds.some((known) => known === kind));
  if (unknown !== undefined) throw new ConfigError([`UPLOAD_TYPES: name some of ${allKinds.join(', ')}`]);
  return allKinds.filter((kind) => wanted.includes(kind));
}

export function objectStorage(config: Config): { store: ObjectStore; uploads: UploadStorage } {
  const { S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
  if (!S3_BUCKET) return { store: noObjectStore, uploads: noUploadStorage };
  const connection = connectS3({
    bucket: S3_BUCKET,
    region: config.S3_REGION,
    endpoint: config.S3_ENDPOINT,
    browserEndpoint: browserEndpointOf(config),
    credentials:
      S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY
        ? { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY }
        : undefined,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    encryption: config.S3_ENCRYPTION,
    timeoutMs: config.S3_TIMEOUT_MS,
  });
  return { store: createS3ObjectStore(connection), uploads: createS3UploadStorage(connection) };
}

/** Browsers can reach Amazon's stores at a known URL; for any other store the operator must give it. */
function browserEndpointOf({
  S3_BROWSER_ENDPOINT,
  S3_ENDPOINT,
  S3_REGION,
}: Pick<Config, 'S3_BROWSER_ENDPOINT' | 'S3_ENDPOINT' | 'S3_REGION'>): string | undefined {
  if (S3_BROWSER_ENDPOINT === 'none') return undefined;
  if (S3_BROWSER_ENDPOINT || S3_ENDPOINT) return S3_BROWSER_ENDPOINT;
  const partition = S3_REGION.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://s3.${S3_REGION}.${partition}`;
}
