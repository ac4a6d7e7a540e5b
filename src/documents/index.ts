export * from './document.ts';
export type * from './document.service.ts';
export { UploadRefused } from './document.service.ts';
export { ContentRefused, type ContentFault } from './content.ts';
export type { DocumentDeps, DocumentLimits, DocumentTimings } from './document.deps.ts';
export { allKinds, documentKinds, kindWords, type DocumentKind } from './document.kinds.ts';
export { checkCustodyJob, retainDocumentsJob, scanDocumentJob, sweepDocumentsJob } from './document.jobs.ts';
export { createDocumentService } from './document.verbs.ts';
