// The words of pages about documents.
import {
  categoryWords,
  documentKinds,
  type Document,
  type DocumentEvent,
  type DocumentStatus,
} from '../../../documents/index.ts';
import { formatSize } from '../../../lib/sizes.ts';
import { withAdmin } from '../../view-helpers.ts';

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
  return withAdmin(uploadedBy, uploadedFor);
}

export function actorOfEvent({ by, actingAdmin }: Pick<DocumentEvent, 'by' | 'actingAdmin'>): string {
  return by ? withAdmin(by, actingAdmin) : 'Examdesk';
}
