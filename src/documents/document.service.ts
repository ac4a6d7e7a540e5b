// What other rooms and the pages may do with documents. Failures are values; see document.upload.ts for the errors that
// streams throw.
import type { Actor, Viewer } from '../accounts/index.ts';
import type { Result } from '../lib/result.ts';
import type { DocumentDeps, DocumentLimits } from './document.deps.ts';
import {
  candidatesForCategory,
  changeCategory,
  type CategoryChange,
  type CategoryFailure,
} from './document.category.ts';
import { createDirectUploads, type DirectUploads } from './document.direct.ts';
import { historyOf, type DocumentEvent } from './document.history.ts';
import { archiveName, openArchive, planArchive, type DocumentArchive } from './document.archive.ts';
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
import { removeDocument, type RemoveFailure } from './document.remove.ts';
import { documentsState, listParts } from './document.repository.ts';
import { uploadCategories, visibilityFor } from './document.access.ts';
import type { Document, DocumentCategory } from './document.ts';
import { beginUpload, type UploadFailure, type UploadSession } from './document.upload.ts';

export interface DocumentService {
  limits: DocumentLimits;
  direct: DirectUploads;
  begin(actor: Actor, bookingId: string): Promise<Result<UploadSession, UploadFailure>>;
  /**
   * Parts of a booking's view (see BookingService.view): its documents, and the hash `listState`. Only staff get dictations
   * and draft reports.
   */
  inView: ReturnType<typeof listParts>;
  /** A hash of the list, for polling: it changes whenever something shown in the list changes. */
  listState(viewer: Viewer, bookingId: string): Promise<string>;
  /** Null when the document is unknown or hidden from the actor. */
  find(actor: Actor, id: string): Promise<Document | null>;
  /** Records `document.downloaded`, as a failure when the document is damaged. */
  open(
    actor: Actor,
    id: string,
    wanted: WantedRange | null,
    purpose?: 'download' | 'view',
  ): Promise<Result<OpenedDocument, OpenFailure>>;
  /** Every document of a booking that the actor may open, as one ZIP file. */
  openAll(actor: Actor, bookingId: string): Promise<Result<DocumentArchive, OpenFailure>>;
  /** The name of the file that `openAll` would return, without opening anything; null when there would be none. */
  archiveName(actor: Actor, bookingId: string): Promise<string | null>;
  /** @param seen its `documentState` when the person decided: refused as stale when it has another by now */
  remove(actor: Actor, id: string, seen?: string | null): Promise<Result<null, RemoveFailure>>;
  /** Makes the report visible to referrers. @param recipients who is told; null: the booking's usual recipients */
  release(
    actor: Actor,
    id: string,
    recipients: readonly string[] | null,
  ): Promise<Result<Released, ReleaseFailure>>;
  /** Makes the report a draft again. */
  recall(actor: Actor, id: string): Promise<Result<Recalled, ReleaseFailure>>;
  /** Who may be told of a release, by name; null when it is no report or the actor may not release it. */
  releaseCandidates(actor: Actor, id: string): Promise<ReleaseCandidate[] | null>;
  changeCategory(actor: Actor, id: string, change: CategoryChange): Promise<Result<null, CategoryFailure>>;
  /** Who may be told when a new category shows this document to referrers, by name; none when they see it now. */
  candidatesForCategory(id: string): Promise<ReleaseCandidate[]>;
  /** The categories that the viewer may upload. */
  categoriesFor(viewer: Viewer): DocumentCategory[];
  /** Who uploaded, opened, released or recalled it, oldest first; null when it is hidden from the actor. */
  history(actor: Actor, id: string): Promise<DocumentEvent[] | null>;
}

export function createDocumentService(deps: DocumentDeps): DocumentService {
  return {
    limits: deps.limits,
    direct: createDirectUploads(deps),
    begin: (actor, bookingId) => beginUpload(deps, actor, bookingId),
    inView: listParts(visibilityFor),
    listState: (viewer, bookingId) => documentsState(deps.db, bookingId, visibilityFor(viewer)),
    find: (actor, id) => findVisibleDocument(deps, actor, id),
    open: (actor, id, wanted, purpose = 'download') => openDocument(deps, actor, id, wanted, purpose),
    openAll: (actor, bookingId) => openArchive(deps, actor, bookingId),
    async archiveName(actor, bookingId) {
      const plan = await planArchive(deps, actor, bookingId);
      return plan && archiveName(plan);
    },
    remove: (actor, id, seen = null) => removeDocument(deps, actor, id, seen),
    release: (actor, id, recipients) => releaseReport(deps, actor, id, recipients),
    recall: (actor, id) => recallReport(deps, actor, id),
    releaseCandidates: (actor, id) => releaseCandidates(deps, actor, id),
    changeCategory: (actor, id, change) => changeCategory(deps, actor, id, change),
    candidatesForCategory: (id) => candidatesForCategory(deps, id),
    categoriesFor: uploadCategories,
    history: (actor, id) => historyOf(deps, actor, id),
  };
}
