// Background jobs for documents. Payloads hold ids only.
import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const documentPayload = z.object({ documentId: z.uuid() });
const noPayload = z.object({});
type NoPayload = Record<string, never>;

/** Scans a document for viruses. */
export const scanDocumentJob: JobDefinition<z.infer<typeof documentPayload>> = {
  name: 'scan_document',
  payload: documentPayload,
};

export const scanKey = (documentId: string): string => `scan:${documentId}`;

/** Cleans up after uploads: pending objects, multipart uploads, scans without a job, infected objects. */
export const sweepDocumentsJob: JobDefinition<NoPayload> = { name: 'sweep_documents', payload: noPayload };

/** Removes the bytes of documents whose retention has ended. */
export const retainDocumentsJob: JobDefinition<NoPayload> = { name: 'retain_documents', payload: noPayload };

/** The nightly file check. */
export const checkCustodyJob: JobDefinition<NoPayload> = { name: 'check_custody', payload: noPayload };
