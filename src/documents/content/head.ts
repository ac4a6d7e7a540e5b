// What a file's first bytes say it is.
import { fileTypeFromBuffer } from 'file-type';
import { isDicom, isDicomWithoutPreamble } from './dicom.ts';
import { isId3 } from './mp3.ts';
import { fitsName, type DocumentKind } from './kinds.ts';

/** As much as file-type wants to see. Always exactly so much is judged, however the bytes arrive. */
export const headBytes = 4100;

/**
 * `zip`, `cfb` and `mp4` hold several kinds, and `mp3` may begin like one: what lies further on decides. `unknown`: no magic number, so perhaps text.
 * `foreign`: something we know and do not take.
 */
export type HeadFinding =
  | { is: 'kind'; kind: DocumentKind }
  | { is: 'zip' }
  | { is: 'cfb' }
  | { is: 'mp4' }
  | { is: 'mp3' }
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
const films = ['video/mp4', 'video/3gpp', 'video/3gpp2', 'video/quicktime'];

const zipMagic = Buffer.from('PK\x03\x04', 'latin1');
const cfbMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

const tiffMagics = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];
/** How far before its magic number every reader of PDF looks. */
const pdfReach = 1_024;

/** Formats of a fixed signature come before the general detector, which asks for more and sees other formats first. */
export async function lookAtHead(all: Buffer, extension: string | null): Promise<HeadFinding> {
  const head = all.subarray(0, headBytes);
  if (head.subarray(0, 4).equals(zipMagic)) return { is: 'zip' };
  if (head.subarray(0, 8).equals(cfbMagic)) return { is: 'cfb' };
  if (isDicom(head)) return { is: 'kind', kind: 'dicom' };
  if (tiffMagics.includes(head.toString('latin1', 0, 4))) return { is: 'kind', kind: 'tiff' };
  if (/^(RF64|BW64)[^]{4}WAVE/.test(head.toString('latin1', 0, 12))) return { is: 'kind', kind: 'wav' };
  const found = await fileTypeFromBuffer(head);
  if (!found) return lookFurther(head, extension);
  if (films.includes(found.mime)) return { is: 'mp4' };
  const kind = kindsByMime[found.mime];
  return kind ? { is: 'kind', kind } : { is: 'foreign' };
}

/** What has no signature at its first byte. The name says which of them to look for. */
function lookFurther(head: Buffer, extension: string | null): HeadFinding {
  if (isId3(head) || (extension === 'mp3' && head[0] === 0)) return { is: 'mp3' };
  const mayBe = (kind: DocumentKind) => extension === null || fitsName(kind, extension);
  if (mayBe('dicom') && isDicomWithoutPreamble(head)) return { is: 'kind', kind: 'dicom' };
  if (mayBe('pdf') && beginsLate(head)) return { is: 'kind', kind: 'pdf' };
  return { is: 'unknown' };
}

/** White space, printer commands or the header of a transfer may stand before a PDF; a script or a page may not. */
function beginsLate(head: Buffer): boolean {
  const text = head.toString('latin1', 0, pdfReach + 5);
  const at = text.indexOf('%PDF-');
  return at > -1 && !/^\s*(#!|<|MZ|\x7fELF)/.test(text.slice(0, at)) && /(^|\s)$/.test(text.slice(0, at));
}
