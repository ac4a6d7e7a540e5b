// Names of objects: random, so that they say nothing of people, and equal in both places, so that whoever finds
// one half knows the other.
import { randomBytes } from 'node:crypto';
import type { LifecycleRule } from '../ports/object-store.ts';

export const pendingPrefix = 'pending/';
export const storedPrefix = 'documents/';
/** Objects that no row speaks of are put here by the nightly job, never deleted. */
export const strayPrefix = 'strays/';

export function newObjectName(): string {
  return randomBytes(24).toString('base64url');
}

export const pendingKey = (name: string): string => pendingPrefix + name;
export const storedKey = (name: string): string => storedPrefix + name;
export const strayKey = (name: string): string => strayPrefix + name;

/** What follows the prefix. */
export function objectName(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

const versionsOnly = {
  abortsUploadsAfter: null,
  removesObjectsAfter: null,
  removesOldVersionsAfter: 30,
  removesDeleteMarkers: true,
};

/** What the bucket has to do on its own. docs/documents.md gives it to operators as S3 wants it. */
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
