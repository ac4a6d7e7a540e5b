// Who may do what with a document. Each right is a list of rules, which the page "Check access" asks as well.
import { everyRuleHolds, isStaff, type AccessRule, type Viewer } from '../accounts/index.ts';
import { documentCategories, isDraft, isReady, type Document, type DocumentCategory } from './document.ts';

type Verb = 'upload' | 'see' | 'delete';

const referrerMay: Record<DocumentCategory, readonly Verb[]> = {
  consent_form: ['upload', 'see', 'delete'],
  brief: ['upload', 'see', 'delete'],
  // Referrers see a report once it is released: see `maySeeDocument`.
  report: ['see'],
  // Hidden from referrers everywhere: in lists, counts and error texts.
  dictation: [],
  other: ['upload', 'see', 'delete'],
};

export function maySeeCategory(viewer: Viewer, category: DocumentCategory): boolean {
  return isStaff(viewer) || referrerMay[category].includes('see');
}

/** Only staff see drafts; an admin acting as a referrer has the referrer's rights. */
export function maySeeDrafts(viewer: Viewer): boolean {
  return isStaff(viewer);
}

/** For a booking that the viewer may see. Lists apply the same rules in SQL: `narrowToVisible`. */
export const seeDocumentRules: readonly AccessRule<Pick<Document, 'category' | 'releasedAt'>>[] = [
  {
    rule: 'The role may see documents of this category',
    holds: (viewer, { category }) => maySeeCategory(viewer, category),
    finding: (viewer, { category }) => `${viewer.role}, ${wordsOf(category)}`,
  },
  {
    rule: 'Referrers see a report once staff have released it',
    appliesTo: ({ category }) => category === 'report',
    holds: (viewer, document) => !isDraft(document) || maySeeDrafts(viewer),
    finding: (_viewer, document) =>
      isDraft(document) ? 'It is not released yet, or was recalled' : 'It is released',
  },
];

export function maySeeDocument(viewer: Viewer, document: Pick<Document, 'category' | 'releasedAt'>): boolean {
  return everyRuleHolds(seeDocumentRules, viewer, document);
}

/** What must hold, besides the right to see a document, for its bytes to be handed out. */
export const readDocumentRules: readonly AccessRule<Pick<Document, 'status' | 'damagedAt'>>[] = [
  {
    rule: 'The virus scan has passed it',
    holds: (_viewer, { status }) => isReady({ status, damagedAt: null }),
    finding: (_viewer, { status }) => `Its state is ${wordsOf(status)}`,
  },
  {
    rule: 'Its bytes are those that were received',
    holds: (_viewer, { damagedAt }) => damagedAt === null,
    finding: (_viewer, { damagedAt }) =>
      damagedAt ? 'They were found to differ' : 'No check has found a difference',
  },
];

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

/** Releasing and recalling. */
export const releaseRules: readonly AccessRule<Pick<Document, 'category'>>[] = [
  {
    rule: 'Only reports are released',
    holds: (_viewer, { category }) => category === 'report',
    finding: (_viewer, { category }) => `It is a ${wordsOf(category)}`,
  },
  {
    rule: 'Staff release reports',
    holds: (viewer) => mayRelease(viewer),
    finding: ({ name, role }) => `${name} is ${role}`,
  },
];

/** Whether this person may release reports at all. */
export function mayRelease(viewer: Viewer): boolean {
  return isStaff(viewer);
}

export function uploadCategories(viewer: Viewer): DocumentCategory[] {
  return documentCategories.filter((category) => isStaff(viewer) || referrerMay[category].includes('upload'));
}

/** Among staff, only admins delete documents. */
export const deleteRules: readonly AccessRule<Pick<Document, 'category' | 'uploadedBy'>>[] = [
  {
    rule: 'Admins delete documents; a referrer those uploaded by themselves, of the kinds they upload',
    holds: (viewer, { category, uploadedBy }) =>
      isStaff(viewer)
        ? viewer.role === 'admin'
        : referrerMay[category].includes('delete') && uploadedBy.id === viewer.userId,
    finding: ({ name, role }, { uploadedBy }) => `${name} is ${role}; ${uploadedBy.name} uploaded it`,
  },
];

export function mayDelete(viewer: Viewer, document: Pick<Document, 'category' | 'uploadedBy'>): boolean {
  return everyRuleHolds(deleteRules, viewer, document);
}

/** Referrers may choose only categories that they may upload, so that a document never disappears from their view. */
export const changeCategoryRules: readonly AccessRule<Pick<Document, 'category' | 'uploadedBy'>>[] = [
  {
    rule: 'Staff change the category of documents; a referrer of those that they may delete',
    holds: (viewer, document) => isStaff(viewer) || mayDelete(viewer, document),
    finding: ({ name, role }, { uploadedBy }) => `${name} is ${role}; ${uploadedBy.name} uploaded it`,
  },
];

export function mayChangeCategory(
  viewer: Viewer,
  document: Pick<Document, 'category' | 'uploadedBy'>,
): boolean {
  return everyRuleHolds(changeCategoryRules, viewer, document);
}

const wordsOf = (name: string): string => name.replaceAll('_', ' ');
