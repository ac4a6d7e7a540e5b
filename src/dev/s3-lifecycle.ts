// A bucket's lifecycle rules as S3 writes them.
import type { LifecycleRule } from '../ports/object-store.ts';
import { xml, type XmlNode } from './s3-faults.ts';

export function lifecycleXml(rules: readonly LifecycleRule[]): string {
  return xml('LifecycleConfiguration', {
    Rule: rules.map((rule): XmlNode => {
      const { prefix, abortsUploadsAfter, removesObjectsAfter, removesOldVersionsAfter } = rule;
      const expiration = {
        ...(removesObjectsAfter !== null && { Days: removesObjectsAfter }),
        ...(rule.removesDeleteMarkers && { ExpiredObjectDeleteMarker: true }),
      };
      return {
        ID: prefix.replace('/', '') || 'all',
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        ...(abortsUploadsAfter !== null && {
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortsUploadsAfter },
        }),
        ...(Object.keys(expiration).length > 0 && { Expiration: expiration }),
        ...(removesOldVersionsAfter !== null && {
          NoncurrentVersionExpiration: { NoncurrentDays: removesOldVersionsAfter },
        }),
      };
    }),
  });
}
