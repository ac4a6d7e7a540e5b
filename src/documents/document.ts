// What a document is, and which kinds a category accepts.
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

/** A report that is not yet released, or was recalled. */
export function isDraft({ category, releasedAt }: Pick<Document, 'category' | 'releasedAt'>): boolean {
  return category === 'report' && releasedAt === null;
}

/** Changes with whatever people decide by whether to delete the document. */
export function documentState({ category, releasedAt }: Pick<Document, 'category' | 'releasedAt'>): string {
  return releasedAt ? `${category} ${releasedAt.toISOString()}` : category;
}

export type UnavailableReason = 'checking' | 'infected' | 'damaged';

/** Why the document's bytes are withheld; null when they are not. */
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

/** Returns those of the given kinds that this category accepts. */
export function kindsFor(category: DocumentCategory, kinds: readonly DocumentKind[]): DocumentKind[] {
  return kinds.filter((kind) => !mailKinds.includes(kind) || mailCategories.includes(category));
}

/** "PDF, Word, Excel, …" for the given kinds. Kinds that only some categories accept come last. */
export function listKinds(kinds: readonly DocumentKind[]): string {
  const others = kinds.filter((kind) => !mailKinds.includes(kind)).map((kind) => documentKinds[kind].label);
  const mails = kinds.filter((kind) => mailKinds.includes(kind)).map((kind) => kind.toUpperCase());
  const where = mailCategories.map((category) => categoryWords[category]).join(' and ');
  return [
    [...new Set(others)].join(', '),
    mails.length > 0 && `e-mails (${mails.join(', ')}) in the categories ${where}`,
  ]
    .filter(Boolean)
    .join('; ');
}
