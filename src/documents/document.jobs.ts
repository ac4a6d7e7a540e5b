// What the room leaves to the worker. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const aDocument = z.object({ documentId: z.uuid() });
const nothing = z.object({});
type Nothing = Record<string, never>;

/** Let the scanner look at a document that waits for its verdict. */
export const scanDocumentJob: JobDefinition<z.infer<typeof aDocument>> = {
  name: 'scan_document',
  payload: aDocument,
};

export const scanKey = (documentId: string): string => `scan:${documentId}`;

/** What uploads left behind: pending objects, uploads in parts, scans without a job, infected bytes. */
export const sweepDocumentsJob: JobDefinition<Nothing> = { name: 'sweep_documents', payload: nothing };

/** The bytes of what was deleted long enough ago. */
export const retainDocumentsJob: JobDefinition<Nothing> = { name: 'retain_documents', payload: nothing };

/** Rows and objects against each other, each night. */
export const checkCustodyJob: JobDefinition<Nothing> = { name: 'check_custody', payload: nothing };
