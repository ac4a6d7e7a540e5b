export * from './document.ts';
export type * from './document.service.ts';
export { cancelReasons, UploadRefused } from './document.service.ts';
export {
  allKinds,
  ContentRefused,
  documentKinds,
  type ContentFault,
  type DocumentKind,
} from './content/index.ts';
export type { DocumentDeps, DocumentLimits, DocumentTimings } from './document.deps.ts';
export { checkCustodyJob, retainDocumentsJob, scanDocumentJob, sweepDocumentsJob } from './document.jobs.ts';
export { bucketLifecycle } from './document.bucket.ts';
export { newObjectName, pendingKey } from './document.keys.ts';
export { createDocumentService } from './document.verbs.ts';
export { createDocumentCare, noDocumentCare, type DocumentCare } from './document.care.ts';
export type { Inventory } from './document.inventory.ts';
export type { CustodyFinding, CustodyReport } from './document.custody.ts';
export { documentsOf, findDocument } from './document.repository.ts';
