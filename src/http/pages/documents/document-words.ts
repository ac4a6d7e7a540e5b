// The words of pages about documents.
import {
  categoryWords,
  documentKinds,
  type Document,
  type DocumentEvent,
  type DocumentStatus,
} from '../../../documents/index.ts';

export const statusLabels: Record<DocumentStatus, string | null> = {
  checking: 'Being checked for viruses',
  infected: 'Refused: a virus was found',
  clean: null,
  not_scanned: null,
};

/** For the receipt. */
export const scanLabels: Record<DocumentStatus, string> = {
  checking: 'Not finished yet',
  infected: 'A virus was found',
  clean: 'No virus was found',
  not_scanned: 'Not scanned: the virus scan is switched off here',
};

const shownInline: readonly string[] = [
  documentKinds.pdf.mimeType,
  documentKinds.jpeg.mimeType,
  documentKinds.png.mimeType,
];

export function isShownInline({ mimeType }: Pick<Document, 'mimeType'>): boolean {
  return shownInline.includes(mimeType);
}

export function factsOf({ category, mimeType, sizeBytes }: Document): string {
  const kind = Object.values(documentKinds).find((one) => one.mimeType === mimeType)?.label ?? 'File';
  return [categoryWords[category], kind, formatSize(sizeBytes)].join(' · ');
}

export function uploaderOf({ uploadedBy, uploadedFor }: Document): string {
  return uploadedFor ? `${uploadedBy.name}, assisted by ${uploadedFor.name}` : uploadedBy.name;
}

export function actorOfEvent({ by, actingAdmin }: Pick<DocumentEvent, 'by' | 'actingAdmin'>): string {
  if (!by) return 'Examdesk';
  return actingAdmin ? `${by.name}, assisted by ${actingAdmin.name}` : by.name;
}

/** "812 bytes", "14 kB", "2.4 MB" */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}

/** "812 bytes", "14 kB (14336 bytes)" */
export function exactSize(bytes: number): string {
  const words = formatSize(bytes);
  return bytes < 1024 ? words : `${words} (${bytes} bytes)`;
}
