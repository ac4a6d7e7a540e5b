// What the bucket has to do on its own. docs/documents.md gives it to operators as S3 wants it.
import type { LifecycleRule } from '../ports/object-store.ts';
import { pendingPrefix, storedPrefix, strayPrefix } from './document.keys.ts';

const versionsOnly = {
  abortsUploadsAfter: null,
  removesObjectsAfter: null,
  removesOldVersionsAfter: 30,
  removesDeleteMarkers: true,
};

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
