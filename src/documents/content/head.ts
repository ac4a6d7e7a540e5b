// Recognises a file's kind by its first bytes.
import { fileTypeFromBuffer } from 'file-type';
import { isDicom, isDicomWithoutPreamble } from './dicom.ts';
import { isId3 } from './mp3.ts';
import { pdfHeaderWithin } from './pdf.ts';
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

/** First bytes, as text in which each character is a byte. */
const signatures: [string[], HeadResult][] = [
  // Old split archives have a mark before their first entry; empty archives consist of the end record only.
  [['PK\x03\x04', 'PK00PK\x03\x04', 'PK\x07\x08PK\x03\x04', 'PK\x05\x06'], { is: 'zip' }],
  [['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'], { is: 'cfb' }],
  [['%PDF-'], { is: 'kind', kind: 'pdf' }],
  [['{\\rtf'], { is: 'kind', kind: 'rtf' }],
  [['\xff\xd8\xff'], { is: 'kind', kind: 'jpeg' }],
  [['\x89PNG\r\n\x1a\n'], { is: 'kind', kind: 'png' }],
  // The second pair of signatures is BigTIFF's.
  [['II*\0', 'MM\0*', 'II+\0', 'MM\0+'], { is: 'kind', kind: 'tiff' }],
];
const waveFormats = ['RIFF', 'RIFX', 'RF64', 'BW64'];

const kindsByMime: Record<string, DocumentKind> = {
  // file-type skips a byte order mark before the signature.
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'audio/mpeg': 'mp3',
  'audio/x-m4a': 'm4a',
  'audio/mp4': 'm4a',
};

/** file-type reports these for any ISO media file without a brand of its own. */
const videoTypes = ['video/mp4', 'video/3gpp', 'video/3gpp2', 'video/quicktime'];

/** Checks fixed signatures before file-type, which wants more than the signature and prefers other formats. */
export async function inspectHead(all: Buffer, extension: string | null): Promise<HeadResult> {
  const head = all.subarray(0, headBytes);
  // First: its 128 bytes of preamble may hold the signature of another format.
  if (isDicom(head)) return { is: 'kind', kind: 'dicom' };
  const text = head.toString('latin1', 0, 12);
  const signature = signatures.find(([begins]) => begins.some((one) => text.startsWith(one)));
  if (signature) return signature[1];
  if (waveFormats.includes(text.slice(0, 4)) && text.endsWith('WAVE')) return { is: 'kind', kind: 'wav' };
  if (isHeic(head)) return { is: 'kind', kind: 'heic' };
  const found = await fileTypeFromBuffer(head);
  if (!found) return inspectWithoutSignature(head, extension);
  if (videoTypes.includes(found.mime)) return { is: 'mp4' };
  const kind = kindsByMime[found.mime];
  return kind ? { is: 'kind', kind } : { is: 'foreign' };
}

const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
/** Brands that do not say how the content is coded; the list of compatible brands, which follows, does. */
const pictureBrands = ['mif1', 'mif2', 'msf1', 'miaf'];

function isHeic(head: Buffer): boolean {
  if (head.toString('latin1', 4, 8) !== 'ftyp') return false;
  const brands: string[] =
    head.toString('latin1', 16, Math.min(head.readUInt32BE(0), 512)).match(/[^]{4}/g) ?? [];
  const brand = head.toString('latin1', 8, 12);
  if (heicBrands.includes(brand)) return true;
  return (
    pictureBrands.includes(brand) &&
    (heicBrands.some((one) => brands.includes(one)) || !brands.includes('avif'))
  );
}

/** Formats without a signature at the first byte. The extension says which of them to try; null: any. */
function inspectWithoutSignature(head: Buffer, extension: string | null): HeadResult {
  if (isId3(head) || extension === 'mp3') return { is: 'mp3' };
  const mayBe = (kind: DocumentKind) => extension === null || fitsName(kind, extension);
  if (mayBe('dicom') && isDicomWithoutPreamble(head)) return { is: 'kind', kind: 'dicom' };
  if (mayBe('pdf') && isPdfBehindPreamble(head, extension)) return { is: 'kind', kind: 'pdf' };
  if (mayBe('mp3') && head[0] === 0) return { is: 'mp3' };
  return { is: 'unknown' };
}

/**
 * If the file is named .pdf, anything may precede the header, as in every reader, except a script, a page or a program.
 * Otherwise the header must begin a line, because a text may mention it.
 */
function isPdfBehindPreamble(head: Buffer, extension: string | null): boolean {
  const text = head.toString('latin1', 0, pdfHeaderWithin + 5);
  const at = text.indexOf('%PDF-');
  const before = text.slice(0, at);
  if (at === -1 || /^(\xef\xbb\xbf)?\s*(#!|<|@echo|MZ|\x7fELF)/i.test(before)) return false;
  return extension !== null || /(^|\s)$/.test(before);
}
