// How documents are spoken of on pages.
import {
  documentKinds,
  isDraft,
  isReady,
  mayDelete,
  mayRelease,
  type Document,
  type DocumentCategory,
  type DocumentEvent,
  type DocumentService,
  type DocumentStatus,
} from '../../../documents/index.ts';
import type { Viewer } from '../../../accounts/index.ts';
import type { Booking } from '../../../bookings/index.ts';
import { uploadWords } from '../../api/documents.api.ts';
import { megabytes } from '../../api/documents.problems.ts';
import { timeAndDay } from '../when.ts';

export const categoryWords: Record<DocumentCategory, string> = {
  consent_form: 'Consent form',
  brief: 'Brief',
  report: 'Report',
  dictation: 'Dictation',
  other: 'Other',
};

const statusWords: Record<DocumentStatus, string | null> = {
  checking: 'Being checked for viruses',
  infected: 'Refused: a virus was found',
  clean: null,
  not_scanned: null,
};

/** For the receipt: what was found, or that nobody looked. */
export const scanWords: Record<DocumentStatus, string> = {
  checking: 'Not finished yet',
  infected: 'A virus was found',
  clean: 'No virus was found',
  not_scanned: 'Not scanned: the virus scan is switched off here',
};

export interface DocumentRow {
  id: string;
  fileName: string;
  sizeBytes: number;
  /** "Brief · PDF · 2.4 MB" */
  facts: string;
  who: string;
  when: string;
  at: string;
  /** Why it cannot be downloaded; null when it can. */
  state: string | null;
  /** Whether browsers show its kind by themselves. */
  mayView: boolean;
  mayDelete: boolean;
  /** Only staff ever see one. */
  isDraft: boolean;
  mayRelease: boolean;
  mayRecall: boolean;
}

/** What views/bookings/_documents.ejs shows. */
export interface DocumentsSection {
  bookingId: string;
  /** What is shown, in short: another when anything of the list has changed. */
  seen: string;
  rows: DocumentRow[];
  /** Null when nothing can be added: to a cancelled booking, for one. */
  upload: {
    categories: { value: DocumentCategory; label: string }[];
    chosen: string;
    /** "PDF, Word, …" */
    kinds: string;
    /** For the file chooser: ".pdf,.doc,…" */
    accept: string;
    maxBytes: number;
    /** "500 MB" */
    maxSize: string;
    maxFiles: number;
    /** Files of `fromBytes` and larger go from the browser to the store at `origin`; null: none do. */
    direct: { fromBytes: number; origin: string } | null;
  } | null;
}

export async function documentsSection(
  documents: DocumentService,
  viewer: Viewer,
  booking: Booking,
  zone: string,
  chosen = '',
): Promise<DocumentsSection> {
  // First: what changes in between is shown, and asked for once more.
  const seen = await documents.listState(viewer, booking.id);
  const found = await documents.list(viewer, booking.id);
  const { limits } = documents;
  const categories = documents.categoriesFor(viewer).map((value) => ({ value, label: categoryWords[value] }));
  return {
    bookingId: booking.id,
    seen,
    rows: found.map((document) => rowOf(document, viewer, zone)),
    upload:
      booking.status === 'cancelled'
        ? null
        : {
            categories,
            chosen,
            kinds: uploadWords(documents).kinds,
            accept: limits.kinds
              .flatMap((kind) => documentKinds[kind].extensions.map((extension) => `.${extension}`))
              .join(','),
            maxBytes: limits.maxBytes,
            maxSize: megabytes(limits.maxBytes),
            maxFiles: limits.maxFiles,
            direct: directOf(documents),
          },
  };
}

function directOf({
  direct: { origin, fromBytes },
}: DocumentService): NonNullable<DocumentsSection['upload']>['direct'] {
  return origin === null ? null : { origin, fromBytes };
}

function rowOf(document: Document, viewer: Viewer, zone: string): DocumentRow {
  return {
    id: document.id,
    fileName: document.fileName,
    sizeBytes: document.sizeBytes,
    facts: factsOf(document),
    who: whoOf(document),
    when: timeAndDay(document.createdAt, zone),
    at: document.createdAt.toISOString(),
    state: document.damagedAt ? 'Damaged: ask for a new copy' : statusWords[document.status],
    mayView: isShownInline(document) && isReady(document) && !document.damagedAt,
    mayDelete: mayDelete(viewer, document),
    isDraft: isDraft(document),
    mayRelease: isDraft(document) && mayRelease(viewer) && isReady(document),
    mayRecall: document.category === 'report' && !isDraft(document) && mayRelease(viewer),
  };
}

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
  return [categoryWords[category], kind, sizeWords(sizeBytes)].join(' · ');
}

export function whoOf({ uploadedBy, uploadedFor }: Document): string {
  return uploadedFor ? `${uploadedBy.name}, assisted by ${uploadedFor.name}` : uploadedBy.name;
}

export function eventWho({ by, actingAdmin }: Pick<DocumentEvent, 'by' | 'actingAdmin'>): string {
  if (!by) return 'Examdesk';
  return actingAdmin ? `${by.name}, assisted by ${actingAdmin.name}` : by.name;
}

/** "812 bytes", "14 kB", "2.4 MB" */
export function sizeWords(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}
