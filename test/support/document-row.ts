import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';

/** A document's row without its file, for tests of what only counts documents. @returns its id */
export async function insertDocumentRow(
  db: Database,
  document: {
    booking_id: string;
    uploaded_by_id: string;
    category: 'brief' | 'consent_form' | 'dictation' | 'report';
  } & Record<string, unknown>,
): Promise<string> {
  const id = randomUUID();
  await db('documents').insert({
    id,
    file_name: 'scan.pdf',
    mime_type: 'application/pdf',
    size_bytes: 1,
    sha256: '0'.repeat(64),
    chunk_bytes: 1,
    chunk_sha256: Buffer.alloc(32),
    s3_key: `documents/${id}`,
    status: 'not_scanned',
    ...document,
  });
  return id;
}
