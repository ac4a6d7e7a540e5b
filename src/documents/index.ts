export * from './document.access.ts';
export * from './document.ts';
export type { CategoryFailure } from './document.category.ts';
export { createDocumentService, type DocumentService } from './document.service.ts';
export {
  cancelReasons,
  type DirectUpload,
  type PartOffer,
} from './document.direct.ts';
export type { DocumentEvent } from './document.history.ts';
export type { OpenFailure, WantedRange } from './document.open.ts';
export type { ReleaseCandidate, ReleaseFailure } from './document.release.ts';
export { UploadRefused, type UploadFailure, type UploadSession } from './document.upload.ts';
export {
  allKinds,
  documentKinds,
  type ContentFault,
  type DocumentKind,
} from './content/index.ts';
export type { DocumentDeps } from './document.deps.ts';
export { checkCustodyJob, retainDocumentsJob, scanDocumentJob, sweepDocumentsJob } from './document.jobs.ts';
export { bucketLifecycle, newObjectName, pendingKey } from './document.keys.ts';
export { createDocumentCare, noDocumentCare, type DocumentCare } from './document.care.ts';
export { countUnrepaired, type Inventory } from './document.custody.ts';
export { documentsOf, findDocument } from './document.repository.ts';
