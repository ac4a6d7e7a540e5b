import { uploadCategories, visibilityFor } from './document.ts';
import type { DocumentDeps } from './document.deps.ts';
import { createDirectUploads } from './document.direct.ts';
import { historyOf } from './document.history.ts';
import { findVisibleDocument, openDocument } from './document.open.ts';
import { recallReport, releaseCandidates, releaseReport } from './document.release.ts';
import { removeDocument } from './document.remove.ts';
import { documentsOf, documentsState } from './document.repository.ts';
import type { DocumentService } from './document.service.ts';
import { beginUpload } from './document.upload.ts';

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
