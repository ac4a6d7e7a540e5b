import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { bucketLifecycle, newObjectName, pendingKey } from '../documents/index.ts';
import {
  ObjectStoreUnavailable,
  type LifecycleRule,
  type ObjectStore,
  type PartAddress,
} from '../ports/object-store.ts';
import { ask, type Answered } from './ask.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';

export interface BucketCheckDeps {
  /** Null: S3_BUCKET is unset. */
  store: ObjectStore | null;
  /** Where our pages are. */
  baseUrl: string;
}

const rulesOf = 'docs/documents.md, under “The bucket”';
const corsRule = 'docs/documents.md, under “Direct uploads”';
const partBytes = 5 * 1024 * 1024;

export function bucketChecks({ store, baseUrl }: BucketCheckDeps): Check[] {
  if (!store)
    return [
      {
        id: 'bucket',
        title: 'Bucket',
        run: async () => [
          warning(
            'S3_BUCKET is unset',
            'Documents can neither be added nor opened.',
            'Set S3_BUCKET, S3_REGION and, for a store that is not Amazon’s, S3_ENDPOINT',
          ),
        ],
      },
    ];
  return [
    { id: 'bucket', title: 'Bucket', run: () => checkObjects(store) },
    { id: 'bucket_lifecycle', title: 'Bucket’s lifecycle rules', run: () => checkLifecycle(store) },
    { id: 'bucket_cors', title: 'Bucket’s CORS rule', run: () => checkCors(store, new URL(baseUrl).origin) },
  ];
}

/** Below pending/: should this process die here, the sweep takes what is left. */
async function checkObjects(store: ObjectStore): Promise<Line[]> {
  const key = pendingKey(newObjectName());
  const bytes = randomBytes(1_024);
  let step = 'written';
  try {
    await store.put(key, bytes);
    step = 'read';
    const found = await store.get(key);
    const same = found !== null && (await buffer(found.stream)).equals(bytes);
    step = 'removed';
    await store.remove([key]);
    const isLeft = (await store.head(key)) !== null;
    if (!same)
      return [
        wrong(
          'The bucket gives back other bytes than were written',
          'Documents cannot be opened: each download is held against its hash.',
          'Check what stands between the app and the store',
        ),
      ];
    if (isLeft)
      return [
        wrong(
          'An object that was removed is still there',
          'Infected and deleted documents would stay.',
          'Check the bucket for an object lock or a legal hold',
        ),
      ];
    return [ok('An object can be written, read and removed')];
  } catch (error) {
    const code = error instanceof ObjectStoreUnavailable ? error.code : codeOf(error);
    return [
      wrong(
        `An object cannot be ${step}: ${code}`,
        'Documents can be neither added nor opened; bookings go on without them.',
        `Check S3_BUCKET, S3_REGION, S3_ENDPOINT and the keys; ${rulesOf}, lists the rights that the app’s role needs`,
      ),
    ];
  }
}

async function checkLifecycle(store: ObjectStore): Promise<Line[]> {
  try {
    return lifecycleLines(await store.lifecycle());
  } catch (error) {
    const code = error instanceof ObjectStoreUnavailable ? error.code : codeOf(error);
    return [
      warning(
        `The lifecycle rules cannot be read: ${code}`,
        'Whether they are set can be seen in the store’s own console only.',
        `Grant the app’s role s3:GetLifecycleConfiguration, or compare the rules by hand with ${rulesOf}`,
      ),
    ];
  }
}

/** The rules that are there against those that we want. */
export function lifecycleLines(there: readonly LifecycleRule[]): Line[] {
  const lines = bucketLifecycle.flatMap((wanted): Line[] => {
    const covering = there.filter(({ prefix }) => wanted.prefix.startsWith(prefix));
    const remover = covering.find(({ removesObjectsAfter }) => removesObjectsAfter !== null);
    if (remover && wanted.removesObjectsAfter === null)
      return [
        wrong(
          `A lifecycle rule removes ${wanted.prefix} after ${remover.removesObjectsAfter} days`,
          'Documents that bookings still need disappear from the store.',
          `Remove that rule at once, and set those of ${rulesOf}`,
        ),
      ];
    const costs: string[] = [];
    const has = (part: keyof LifecycleRule) =>
      wanted[part] === null || covering.some((rule) => rule[part] !== null);
    if (!has('abortsUploadsAfter'))
      costs.push('Uploads that were left stay, and are paid for, when no worker clears them.');
    if (!has('removesObjectsAfter'))
      costs.push('Files that were never taken over stay when no worker clears them.');
    if (!has('removesOldVersionsAfter'))
      costs.push(
        'In a bucket with versioning, removed bytes stay for ever: also those of deleted documents.',
      );
    return costs.length === 0
      ? []
      : [
          warning(
            `A lifecycle rule for ${wanted.prefix} is missing`,
            costs,
            `Set the lifecycle rules of ${rulesOf}. A store that has none, such as SeaweedFS, does without`,
          ),
        ];
  });
  return lines.length > 0 ? lines : [ok('The lifecycle rules are set')];
}

/** Sends the preflight request of a browser to the address that a part would go to. */
async function checkCors(store: ObjectStore, origin: string): Promise<Line[]> {
  if (store.browserOrigin === null)
    return [
      ok(
        'Not needed: all files come through the app',
        'S3_BROWSER_ENDPOINT is none, or unset beside S3_ENDPOINT.',
      ),
    ];
  const part = await openPart(store);
  if (part === null) return [warning('The CORS rule could not be checked', 'See the line about the bucket.')];
  const { url, headers } = part;
  const names = Object.keys(headers);
  let answer: Answered;
  try {
    answer = await ask(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': names.join(','),
      },
    });
  } catch (error) {
    return [
      warning(
        `The store cannot be reached at ${store.browserOrigin} from this machine: ${codeOf(error)}`,
        'Where browsers cannot reach it either, large files come through the app, after a first try that fails.',
        'Check S3_BROWSER_ENDPOINT; “none” when browsers are not meant to reach the store',
      ),
    ];
  }
  if (allows(answer, origin, names)) return [ok(`Pages of ${origin} may send to the store`)];
  return [
    warning(
      `The bucket does not let pages of ${origin} send to it`,
      'Large files come through the app, after a first try that fails.',
      `Set the CORS rule of ${corsRule}`,
    ),
  ];
}

/** Where a browser would send a part to; null: the store does not answer. */
async function openPart(store: ObjectStore): Promise<PartAddress | null> {
  const key = pendingKey(newObjectName());
  const part = { partNumber: 1, size: partBytes, sha256: createHash('sha256').digest('hex') };
  try {
    const uploadId = await store.startUpload(key);
    const address = await store.partAddress(key, uploadId, part, 60);
    await store.abortUpload(key, uploadId);
    return address;
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return null;
    throw error;
  }
}

function allows({ status, headers }: Answered, origin: string, names: string[]): boolean {
  if (status < 200 || status >= 300) return false;
  const list = (name: string) =>
    String(headers[name] ?? '')
      .toLowerCase()
      .split(',')
      .map((one) => one.trim());
  const [origins, methods, allowed] = [
    list('access-control-allow-origin'),
    list('access-control-allow-methods'),
    list('access-control-allow-headers'),
  ];
  const has = (all: string[], one: string) => all.includes('*') || all.includes(one.toLowerCase());
  return has(origins, origin) && has(methods, 'PUT') && names.every((name) => has(allowed, name));
}
