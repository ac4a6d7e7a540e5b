/** What may be uploaded. A file without an extension gets its kind's first one. */
export const documentKinds = {
  pdf: { label: 'PDF', mimeType: 'application/pdf', extensions: ['pdf'] },
  doc: { label: 'Word', mimeType: 'application/msword', extensions: ['doc'] },
  docx: {
    label: 'Word',
    mimeType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    extensions: ['docx'],
  },
  xls: { label: 'Excel', mimeType: 'application/vnd.ms-excel', extensions: ['xls'] },
  xlsx: {
    label: 'Excel',
    mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    extensions: ['xlsx'],
  },
  txt: { label: 'plain text', mimeType: 'text/plain', extensions: ['txt'] },
  rtf: { label: 'RTF', mimeType: 'application/rtf', extensions: ['rtf'] },
  jpeg: { label: 'JPEG', mimeType: 'image/jpeg', extensions: ['jpg', 'jpeg', 'jpe', 'jfif'] },
  png: { label: 'PNG', mimeType: 'image/png', extensions: ['png'] },
  tiff: { label: 'TIFF', mimeType: 'image/tiff', extensions: ['tif', 'tiff'] },
  heic: { label: 'HEIC', mimeType: 'image/heic', extensions: ['heic', 'heif'] },
  dicom: { label: 'DICOM', mimeType: 'application/dicom', extensions: ['dcm', 'dicom', 'ima'] },
  mp3: { label: 'MP3', mimeType: 'audio/mpeg', extensions: ['mp3'] },
  m4a: { label: 'M4A', mimeType: 'audio/mp4', extensions: ['m4a'] },
  wav: { label: 'WAV', mimeType: 'audio/wav', extensions: ['wav', 'wave'] },
  zip: { label: 'ZIP', mimeType: 'application/zip', extensions: ['zip'] },
  msg: {
    label: 'Outlook mail',
    mimeType: 'application/vnd.ms-outlook',
    extensions: ['msg'],
  },
  eml: {
    label: 'mail (EML)',
    mimeType: 'message/rfc822',
    extensions: ['eml'],
  },
} as const satisfies Record<string, KindFacts>;

interface KindFacts {
  label: string;
  mimeType: string;
  extensions: readonly string[];
}

export type DocumentKind = keyof typeof documentKinds;
export const allKinds = Object.keys(documentKinds) as [DocumentKind, ...DocumentKind[]];

/**
 * Whether a file of this kind may have this extension. The content decides the kind; the name must not contradict it.
 */
export function fitsName(kind: DocumentKind, extension: string | null): boolean {
  return extension === null || (documentKinds[kind].extensions as readonly string[]).includes(extension);
}

/** Whether a file of any of these kinds may have this extension. */
export function mayBeNamed(kinds: readonly DocumentKind[], extension: string | null): boolean {
  return kinds.some((kind) => fitsName(kind, extension));
}

export function mimeTypeOf(kind: DocumentKind): string {
  return documentKinds[kind].mimeType;
}
