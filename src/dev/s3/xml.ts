// What S3 answers in XML: faults, results, and a bucket's lifecycle rules.
import type { LifecycleRule } from '../../ports/object-store.ts';

/** An error answer of S3. */
export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export function xmlFault({ code }: S3Fault): string {
  return xml('Error', { Code: code, Message: code });
}

export type XmlValue = string | number | boolean | XmlNode | XmlNode[] | undefined;
export interface XmlNode {
  [name: string]: XmlValue;
}

export function xml(root: string, content: XmlNode): string {
  const space = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${space}>${inner(content)}</${root}>`;
}

function inner(content: XmlNode): string {
  return Object.entries(content)
    .map(([name, value]) => {
      if (value === undefined) return '';
      if (Array.isArray(value)) return value.map((one) => `<${name}>${inner(one)}</${name}>`).join('');
      return `<${name}>${typeof value === 'object' ? inner(value) : escaped(String(value))}</${name}>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The text of each element of this name; enough for the few requests that carry XML. */
export function xmlTexts(document: string, name: string): string[] {
  return [...document.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );
}

/** As S3 writes them. */
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
