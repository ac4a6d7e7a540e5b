// What a file's first bytes say it is.
import { fileTypeFromBuffer } from 'file-type';
import type { DocumentKind } from './document.kinds.ts';

/** As much as file-type wants to see. */
export const headBytes = 4100;

/**
 * `zip`, `cfb` and `mp4` hold several kinds: what lies further on decides. `unknown`: no magic number, so perhaps text.
 * `foreign`: something we know and do not take.
 */
export type HeadFinding =
  | { is: 'kind'; kind: DocumentKind }
  | { is: 'zip' }
  | { is: 'cfb' }
  | { is: 'mp4' }
  | { is: 'unknown' }
  | { is: 'foreign' };

const kindsByMime: Record<string, DocumentKind> = {
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/apng': 'png',
  'image/tiff': 'tiff',
  'image/heic': 'heic',
  'image/heif': 'heic',
  'image/heic-sequence': 'heic',
  'image/heif-sequence': 'heic',
  'application/dicom': 'dicom',
  'audio/mpeg': 'mp3',
  'audio/x-m4a': 'm4a',
  'audio/mp4': 'm4a',
  'audio/wav': 'wav',
  'audio/vnd.wave': 'wav',
};

/** What file-type says of whatever is built like a film and has no brand of its own. */
const films = ['video/mp4', 'video/3gpp', 'video/3gpp2'];

const zipMagic = Buffer.from('PK\x03\x04', 'latin1');
const cfbMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

export async function lookAtHead(head: Buffer): Promise<HeadFinding> {
  if (head.subarray(0, 4).equals(zipMagic)) return { is: 'zip' };
  if (head.subarray(0, 8).equals(cfbMagic)) return { is: 'cfb' };
  const found = await fileTypeFromBuffer(head);
  if (!found) return { is: 'unknown' };
  if (films.includes(found.mime)) return { is: 'mp4' };
  const kind = kindsByMime[found.mime];
  return kind ? { is: 'kind', kind } : { is: 'foreign' };
}
