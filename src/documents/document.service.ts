// What the room promises. Failures are values; document.upload.ts says what may be thrown inside streams.
import type { Actor, Viewer } from '../accounts/index.ts';
import type { Result } from '../lib/result.ts';
import type { DocumentDeps, DocumentLimits } from './document.deps.ts';
import { createDirectUploads, type DirectUploads } from './document.direct.ts';
import { historyOf, type DocumentEvent } from './document.history.ts';
import {
  findVisibleDocument,
  openDocument,
  type OpenedDocument,
  type OpenFailure,
  type WantedRange,
} from './document.open.ts';
import {
  recallReport,
  releaseCandidates,
  releaseReport,
  type Recalled,
  type ReleaseCandidate,
  type Released,
  type ReleaseFailure,
} from './document.release.ts';
import { removeDocument } from './document.remove.ts';
import { documentsOf, documentsState } from './document.repository.ts';
import { uploadCategories, visibilityFor, type Document, type DocumentCategory } from './document.ts';
import { beginUpload, type UploadFailure, type UploadSession } from './document.upload.ts';

export interface DocumentService {
  limits: DocumentLimits;
  direct: DirectUploads;
  begin(actor: Actor, bookingId: string): Promise<Result<UploadSession, UploadFailure>>;
  /** Those of a booking that the viewer may see the booking of; dictations and draft reports are for staff only. */
  list(viewer: Viewer, bookingId: string): Promise<Document[]>;
  /** The same in short, for whoever watches it: another when anything of what is shown has changed. */
  listState(viewer: Viewer, bookingId: string): Promise<string>;
  /** Null when unknown, or not theirs to know of. */
  find(actor: Actor, id: string): Promise<Document | null>;
  /** Writes `document.downloaded`; as a failure, when the bytes are not those received. */
  open(
    actor: Actor,
    id: string,
    wanted: WantedRange | null,
    purpose?: 'download' | 'view',
  ): Promise<Result<OpenedDocument, OpenFailure>>;
  remove(actor: Actor, id: string): Promise<Result<null, { reason: 'not_found' } | { reason: 'forbidden' }>>;
  /** From now on referrers see the report. @param recipients who is told; null: the booking's usual ones */
  release(
    actor: Actor,
    id: string,
    recipients: readonly string[] | null,
  ): Promise<Result<Released, ReleaseFailure>>;
  /** Takes a release back: the report is a draft again. */
  recall(actor: Actor, id: string): Promise<Result<Recalled, ReleaseFailure>>;
  /** Who may be told of a release, by name; null when it is no report, or not the actor's to release. */
  releaseCandidates(actor: Actor, id: string): Promise<ReleaseCandidate[] | null>;
  /** What a viewer may upload to a booking that they may see. */
  categoriesFor(viewer: Viewer): DocumentCategory[];
  /** Who received, opened or deleted it, oldest first; null when it is not the viewer's to know of. */
  history(actor: Actor, id: string): Promise<DocumentEvent[] | null>;
}

export function createDocumentService(deps: DocumentDeps): DocumentService {
  return {
    limits: deps.limits,
    direct: createDirectUploads(deps),
    begin: (actor, bookingId) => beginUpload(deps, actor, bookingId),
    list: (viewer, bookingId) => documentsOf(deps.db, bookingId, visibilityFor(viewer)),
    listState: (viewer, bookingId) => documentsState(deps.db, bookingId, visibilityFor(viewer)),
    find: (actor, id) => findVisibleDocument(deps, actor, id),
    open: (actor, id, wanted, purpose = 'download') => openDocument(deps, actor, id, wanted, purpose),
    remove: (actor, id) => removeDocument(deps, actor, id),
    release: (actor, id, recipients) => releaseReport(deps, actor, id, recipients),
    recall: (actor, id) => recallReport(deps, actor, id),
    releaseCandidates: (actor, id) => releaseCandidates(deps, actor, id),
    categoriesFor: uploadCategories,
    history: (actor, id) => historyOf(deps, actor, id),
  };
}
