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

/** What happens to documents while nobody looks; the jobs call it. */
export interface DocumentCare {
  /** @throws Error when the scanner gave no verdict */
  scan(id: string): Promise<void>;
  sweep(): Promise<Swept>;
  /** @returns how many objects were removed */
  retain(): Promise<number>;
  checkCustody(): Promise<CustodyReport | null>;
  /** Null: there is no store. */
  takeInventory(): Promise<Inventory | null>;
}

export function createDocumentCare(deps: DocumentDeps): DocumentCare {
  return {
    scan: (id) => scanDocument(deps, id),
    async sweep() {
      try {
        return await sweepDocuments(deps);
      } finally {
        // Also when the store is away: that may be why no look came to its end.
        await watchCustody(deps);
      }
    },
    retain: () => retainDocuments(deps),
    checkCustody: () => checkCustody(deps),
    takeInventory: () => takeInventory(deps),
  };
}

/** Where no store is set up there is nothing to care for. */
export const noDocumentCare: DocumentCare = {
  scan: () => Promise.resolve(),
  sweep: () => Promise.resolve({ pendingObjects: 0, openUploads: 0 }),
  retain: () => Promise.resolve(0),
  checkCustody: () => Promise.resolve(null),
  takeInventory: () => Promise.resolve(null),
};
