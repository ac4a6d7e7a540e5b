import {
  checkCustody,
  takeInventory,
  watchCustody,
  type CustodyReport,
  type Inventory,
} from './document.custody.ts';
import type { DocumentDeps } from './document.deps.ts';
import { retainDocuments } from './document.remove.ts';
import { scanDocument } from './document.scan.ts';
import { sweepDocuments, type Swept } from './document.sweep.ts';

/** What background jobs do with documents. */
export interface DocumentCare {
  /** @throws Error when the scanner gives no verdict */
  scan(id: string): Promise<void>;
  sweep(): Promise<Swept>;
  /** @returns how many objects were removed */
  retain(): Promise<number>;
  checkCustody(): Promise<CustodyReport | null>;
  /** Null: no store is configured. */
  takeInventory(): Promise<Inventory | null>;
}

export function createDocumentCare(deps: DocumentDeps): DocumentCare {
  return {
    scan: (id) => scanDocument(deps, id),
    async sweep() {
      try {
        return await sweepDocuments(deps);
      } finally {
        // Also when the sweep fails: an unreachable store may be why no file check finished.
        await watchCustody(deps);
      }
    },
    retain: () => retainDocuments(deps),
    checkCustody: () => checkCustody(deps),
    takeInventory: () => takeInventory(deps),
  };
}

/** Used when no object store is configured. */
export const noDocumentCare: DocumentCare = {
  scan: () => Promise.resolve(),
  sweep: () => Promise.resolve({ pendingObjects: 0, openUploads: 0 }),
  retain: () => Promise.resolve(0),
  checkCustody: () => Promise.resolve(null),
  takeInventory: () => Promise.resolve(null),
};
