// Keys of objects, and the lifecycle rules of the bucket. Object names are random, so that they reveal nothing about
// people. An object has the same name under each prefix, so that one key leads to the other.
import { randomBytes } from 'node:crypto';
import type { LifecycleRule } from '../ports/object-store.ts';

export const pendingPrefix = 'pending/';
export const storedPrefix = 'documents/';
/** The nightly file check moves objects without a row here and never deletes them. */
export const strayPrefix = 'strays/';

export function newObjectName(): string {
  return randomBytes(24).toString('base64url');
}

export const pendingKey = (name: string): string => pendingPrefix + name;
export const storedKey = (name: string): string => storedPrefix + name;
export const strayKey = (name: string): string => strayPrefix + name;

/** The key without its prefix. */
export function objectName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

const versionsOnly = {
  abortsUploadsAfter: null,
  removesObjectsAfter: null,
  removesOldVersionsAfter: 30,
  removesDeleteMarkers: true,
};

/** The rules that the bucket needs; docs/documents.md has them in S3's JSON. */
export const bucketLifecycle: readonly LifecycleRule[] = [
  {
    prefix: pendingPrefix,
    abortsUploadsAfter: 2,
    removesObjectsAfter: 7,
    removesOldVersionsAfter: 1,
    removesDeleteMarkers: false,
  },
  { prefix: storedPrefix, ...versionsOnly },
  { prefix: strayPrefix, ...versionsOnly },
];
