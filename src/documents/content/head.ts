// Recognises a file's kind by its first bytes.
import { fileTypeFromBuffer } from 'file-type';
import { isDicom, isDicomWithoutPreamble } from './dicom.ts';
import { isId3 } from './mp3.ts';
import { fitsName, type DocumentKind } from './kinds.ts';

/** As much as file-type reads. Exactly these bytes are judged, however the network cuts them. */
export const headBytes = 4100;

/**
 * `zip`, `cfb` and `mp4` are containers of several kinds, and `mp3` needs a search for frames: the whole file decides.
 * `unknown`: no signature, so perhaps text. `foreign`: a format that we know and do not accept.
 */
export type HeadResult =
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

/** file-type reports these for any ISO media file without a brand of its own. */
const videoTypes = ['video/mp4', 'video/3gpp', 'video/3gpp2', 'video/quicktime'];

const zipMagic = Buffer.from('PK\x03\x04', 'latin1');
const cfbMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

const tiffMagics = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];
/** Readers accept a PDF whose header begins within this many bytes. */
const pdfHeaderWithin = 1_024;

/** Checks fixed signatures before file-type, which wants more than the signature and prefers other formats. */
export async function inspectHead(all: Buffer, extension: string | null): Promise<HeadResult> {
  const head = all.subarray(0, headBytes);
  if (head.subarray(0, 4).equals(zipMagic)) return { is: 'zip' };
  if (head.subarray(0, 8).equals(cfbMagic)) return { is: 'cfb' };
  if (isDicom(head)) return { is: 'kind', kind: 'dicom' };
  if (tiffMagics.includes(head.toString('latin1', 0, 4))) return { is: 'kind', kind: 'tiff' };
  if (/^(RF64|BW64)[^]{4}WAVE/.test(head.toString('latin1', 0, 12))) return { is: 'kind', kind: 'wav' };
  const found = await fileTypeFromBuffer(head);
  if (!found) return inspectWithoutSignature(head, extension);
  if (videoTypes.includes(found.mime)) return { is: 'mp4' };
  const kind = kindsByMime[found.mime];
  return kind ? { is: 'kind', kind } : { is: 'foreign' };
}

/** Formats without a signature at the first byte. The extension says which of them to try. */
function inspectWithoutSignature(head: Buffer, extension: string | null): HeadResult {
  if (isId3(head) || (extension === 'mp3' && head[0] === 0)) return { is: 'mp3' };
  const mayBe = (kind: DocumentKind) => extension === null || fitsName(kind, extension);
  if (mayBe('dicom') && isDicomWithoutPreamble(head)) return { is: 'kind', kind: 'dicom' };
  if (mayBe('pdf') && isPdfBehindPreamble(head)) return { is: 'kind', kind: 'pdf' };
  return { is: 'unknown' };
}

/** White space, printer commands or transfer headers may precede a PDF; a script, a page or a program may not. */
function isPdfBehindPreamble(head: Buffer): boolean {
  const text = head.toString('latin1', 0, pdfHeaderWithin + 5);
  const at = text.indexOf('%PDF-');
  return at > -1 && !/^\s*(#!|<|MZ|\x7fELF)/.test(text.slice(0, at)) && /(^|\s)$/.test(text.slice(0, at));
}
