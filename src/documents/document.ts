// What a document is, who may do what with which category, and which kinds a category accepts.
import { isStaff, type Viewer } from '../accounts/index.ts';
import { documentKinds, type DocumentKind } from './content/index.ts';

export const documentCategories = ['consent_form', 'brief', 'report', 'dictation', 'other'] as const;
export type DocumentCategory = (typeof documentCategories)[number];

export const categoryWords: Record<DocumentCategory, string> = {
  consent_form: 'Consent form',
  brief: 'Brief',
  report: 'Report',
  dictation: 'Dictation',
  other: 'Other',
};

/** `checking`: the virus scan has not finished. `not_scanned`: it is switched off. */
export const documentStatuses = ['checking', 'clean', 'infected', 'not_scanned'] as const;
export type DocumentStatus = (typeof documentStatuses)[number];

export interface Document {
  id: string;
  bookingId: string;
  category: DocumentCategory;
  fileName: string;
  mimeType: string;
  sizeBytes: number;
  /** Of the bytes as received, in hex. */
  sha256: string;
  status: DocumentStatus;
  /** The referrer or member of staff who uploaded it. */
  uploadedBy: { id: string; name: string };
  /** The admin who uploaded it while acting as that referrer. */
  uploadedFor: { id: string; name: string } | null;
  createdAt: Date;
  /** When the stored bytes were found to differ from those received. */
  damagedAt: Date | null;
  /** Since when referrers see the report; null: a draft. Always null, without meaning, in other categories. */
  releasedAt: Date | null;
}

type Verb = 'upload' | 'see' | 'delete';

const referrerMay: Record<DocumentCategory, readonly Verb[]> = {
  consent_form: ['upload', 'see', 'delete'],
  brief: ['upload', 'see', 'delete'],
  // Only when released: see `maySeeDocument`.
  report: ['see'],
  // Hidden from referrers everywhere: in lists, counts and error texts.
  dictation: [],
  other: ['upload', 'see', 'delete'],
};

export function maySeeCategory(viewer: Viewer, category: DocumentCategory): boolean {
  return isStaff(viewer) || referrerMay[category].includes('see');
}

/** A report that is not yet released, or was recalled. */
export function isDraft({ category, releasedAt }: Pick<Document, 'category' | 'releasedAt'>): boolean {
  return category === 'report' && releasedAt === null;
}

/** Only staff see drafts; an admin acting as a referrer has the referrer's rights. */
export function maySeeDrafts(viewer: Viewer): boolean {
  return isStaff(viewer);
}

/** For a booking that the viewer may see. Lists apply the same rule in SQL: `narrowToVisible`. */
export function maySeeDocument(viewer: Viewer, document: Pick<Document, 'category' | 'releasedAt'>): boolean {
  return maySeeCategory(viewer, document.category) && (!isDraft(document) || maySeeDrafts(viewer));
}

/** Which documents of a booking a list shows. */
export interface Visibility {
  categories: DocumentCategory[];
  drafts: boolean;
}

export function visibilityFor(viewer: Viewer): Visibility {
  return {
    categories: documentCategories.filter((category) => maySeeCategory(viewer, category)),
    drafts: maySeeDrafts(viewer),
  };
}

/** Whether referrers see a document of this category as soon as it is uploaded. */
export function isVisibleAtOnce(category: DocumentCategory): boolean {
  return category !== 'report' && referrerMay[category].includes('see');
}

export function mayRelease(viewer: Viewer): boolean {
  return isStaff(viewer);
}

export function uploadCategories(viewer: Viewer): DocumentCategory[] {
  return documentCategories.filter((category) => isStaff(viewer) || referrerMay[category].includes('upload'));
}

/** Referrers delete their own uploads; of the staff only admins delete (domain.md: support has no deletion). */
export function mayDelete(viewer: Viewer, document: Pick<Document, 'category' | 'uploadedBy'>): boolean {
  if (isStaff(viewer)) return viewer.role === 'admin';
  return referrerMay[document.category].includes('delete') && document.uploadedBy.id === viewer.userId;
}

export type UnavailableReason = 'checking' | 'infected' | 'damaged';

/** Why the document's bytes are withheld; null: they are not. */
export function unavailableReason({
  status,
  damagedAt,
}: Pick<Document, 'status' | 'damagedAt'>): UnavailableReason | null {
  if (status === 'infected') return 'infected';
  if (damagedAt) return 'damaged';
  return status === 'checking' ? 'checking' : null;
}

export function isReady(document: Pick<Document, 'status' | 'damagedAt'>): boolean {
  return unavailableReason(document) === null;
}

/** Mails are evidence: never a consent form, a report or a dictation. */
const mailKinds: readonly DocumentKind[] = ['msg', 'eml'];
const mailCategories: readonly DocumentCategory[] = ['brief', 'other'];

/** Of the kinds given, those that a document of this category may be. */
export function kindsFor(category: DocumentCategory, kinds: readonly DocumentKind[]): DocumentKind[] {
  return kinds.filter((kind) => !mailKinds.includes(kind) || mailCategories.includes(category));
}

/** "PDF, Word, Excel, …" for the given kinds; last those that only some categories accept. */
export function listKinds(kinds: readonly DocumentKind[]): string {
  const labels = (some: readonly DocumentKind[]) =>
    [...new Set(some.map((kind) => documentKinds[kind].label))].join(', ');
  const others = labels(kinds.filter((kind) => !mailKinds.includes(kind)));
  const mails = labels(kinds.filter((kind) => mailKinds.includes(kind)));
  return [others, mails && `${mails} (as ${mailCategories.join(' or ')} only)`].filter(Boolean).join(', ');
}
