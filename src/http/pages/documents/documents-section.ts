// The documents on a booking's page: the list, and the upload form.
import {
  categoryWords,
  isDraft,
  isReady,
  mayChangeCategory,
  mayDelete,
  mayRelease,
  type Document,
  type DocumentCategory,
  type DocumentService,
} from '../../../documents/index.ts';
import type { Viewer } from '../../../accounts/index.ts';
import {
  dueState,
  hasEnded,
  isPlanned,
  papersPart,
  paperWords,
  type Booking,
  type Paper,
} from '../../../bookings/index.ts';
import { dayIn } from '../../../lib/dates.ts';
import { megabytes, uploadLimits } from '../../api/documents.problems.ts';
import { stamp } from '../when.ts';
import { factsOf, isShownInline, statusLabels, uploaderOf } from './document-words.ts';

export interface DocumentRow {
  id: string;
  fileName: string;
  sizeBytes: number;
  category: DocumentCategory;
  /** "Brief · PDF · 2.4 MB" */
  facts: string;
  who: string;
  when: string;
  at: string;
  /** Why it cannot be downloaded; null when it can. */
  state: string | null;
  /** Whether browsers can show this kind of file. */
  mayView: boolean;
  mayChangeCategory: boolean;
  mayDelete: boolean;
  /** Only staff see drafts. */
  isDraft: boolean;
  /** When a report was released; null for drafts and for everything that is not a report. */
  released: { at: string; when: string } | null;
  mayRelease: boolean;
  mayRecall: boolean;
}

/** The data of views/bookings/_documents.ejs. */
export interface DocumentsSection {
  bookingId: string;
  /** A hash of what the list shows; it changes with the list. */
  seen: string;
  /** What the examination needs, until it begins. */
  papers: PaperLine[];
  /** The documents; the report comes first. */
  rows: DocumentRow[];
  /** Which rows are folded away: how many, and from which on; null when there are few. */
  folded: { from: number; count: number } | null;
  /** Null when nothing can be added, because the booking is cancelled. */
  upload: {
    categories: { value: DocumentCategory; label: string }[];
    chosen: string;
    /** "PDF, Word, …" */
    kinds: string;
    maxBytes: number;
    /** "500 MB" */
    maxSize: string;
    maxFiles: number;
    /** Files of `fromBytes` or more are uploaded directly to the store at `origin`; null: all go through the app. */
    direct: { fromBytes: number; origin: string } | null;
  } | null;
}

export interface PaperLine {
  name: string;
  isThere: boolean;
  /** `Consent form due Thu 26 Nov`, `Brief received` */
  words: string;
  /** `3 business days left` */
  note: string | null;
  tone: 'ok' | 'info' | 'warn' | 'danger';
}

const latestShown = 10;
const fewestFolded = 5;

/** A booking viewed with the parts that `documentParts` names. */
export interface BookingWithDocuments {
  booking: Booking;
  papers: Paper[];
  documents: Document[];
  documentsState: string;
}

export function documentParts({ inView }: Pick<DocumentService, 'inView'>) {
  return { ...inView, papers: papersPart };
}

export function documentsSection(
  documents: DocumentService,
  viewer: Viewer,
  { booking, papers, documents: found, documentsState: seen }: BookingWithDocuments,
  { zone, now, chosen = '' }: { zone: string; now: Date; chosen?: string | undefined },
): DocumentsSection {
  const { limits } = documents;
  const categories = documents.categoriesFor(viewer).map((value) => ({ value, label: categoryWords[value] }));
  return {
    bookingId: booking.id,
    seen,
    papers:
      isPlanned(booking) && !hasEnded(booking, now)
        ? papers.map((paper) => paperLine(paper, dayIn(now, booking.timezone)))
        : [],
    rows: found
      .toSorted((a, b) => Number(isReport(b)) - Number(isReport(a)))
      .map((document) => rowOf(document, viewer, zone)),
    folded: foldedOf(found),
    upload:
      booking.status === 'cancelled'
        ? null
        : {
            categories,
            chosen,
            kinds: uploadLimits(documents).kinds,
            maxBytes: limits.maxBytes,
            maxSize: megabytes(limits.maxBytes),
            maxFiles: limits.maxFiles,
            direct: directUploads(documents),
          },
  };
}

function paperLine({ category, dueOn, isThere }: Paper, today: string): PaperLine {
  const name = paperWords[category];
  if (isThere) return { name, isThere, words: `${name} received`, note: null, tone: 'ok' };
  const { words, left, isLate, isSoon } = dueState(dueOn, today);
  return {
    name,
    isThere,
    words: `${name} ${words}`,
    note: left,
    tone: isLate ? 'danger' : isSoon ? 'warn' : 'info',
  };
}

/** If there are many documents, earlier ones are folded away. Reports and the last ones stay visible. */
function foldedOf(found: Document[]): DocumentsSection['folded'] {
  const from = found.filter(isReport).length;
  const count = found.length - from - latestShown;
  return count < fewestFolded ? null : { from, count };
}

function isReport({ category }: Document): boolean {
  return category === 'report';
}

function directUploads({
  direct: { origin, fromBytes },
}: DocumentService): NonNullable<DocumentsSection['upload']>['direct'] {
  return origin === null ? null : { origin, fromBytes };
}

function rowOf(document: Document, viewer: Viewer, zone: string): DocumentRow {
  return {
    id: document.id,
    fileName: document.fileName,
    sizeBytes: document.sizeBytes,
    category: document.category,
    facts: factsOf(document),
    who: uploaderOf(document),
    when: stamp(document.createdAt, zone),
    at: document.createdAt.toISOString(),
    state: document.damagedAt ? 'Damaged: ask for a new copy' : statusLabels[document.status],
    mayView: isShownInline(document) && isReady(document) && !document.damagedAt,
    // Staff correct reports in the console, where they choose who is told.
    mayChangeCategory: !isReport(document) && mayChangeCategory(viewer, document),
    mayDelete: mayDelete(viewer, document),
    isDraft: isDraft(document),
    released: document.releasedAt && {
      at: document.releasedAt.toISOString(),
      when: stamp(document.releasedAt, zone),
    },
    mayRelease: isDraft(document) && mayRelease(viewer) && isReady(document),
    mayRecall: document.category === 'report' && !isDraft(document) && mayRelease(viewer),
  };
}
