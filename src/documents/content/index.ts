export { ContentRefused, type ContentFault, type RandomAccess } from './content.ts';
export { claimedExtension } from './endings.ts';
export { chunkBytes, createPartCheck, type Digest, type PartHashes } from './hashes.ts';
export { createInspection, type Inspection } from './inspection.ts';
export { allKinds, documentKinds, mayBeNamed, mimeTypeOf, type DocumentKind } from './kinds.ts';
