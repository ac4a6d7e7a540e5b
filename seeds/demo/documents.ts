// The story's documents: checked and hashed as uploads are, their bytes in the store.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemIds } from '../../src/adapters/system-ids.ts';
import {
  chunkBytes,
  createInspection,
  documentKinds,
  mimeTypeOf,
} from '../../src/documents/content/index.ts';
import { newObjectName, storedKey } from '../../src/documents/document.keys.ts';
import type { Examination } from './examinations.ts';
import { paperOf, type PaperFile } from './papers.ts';
import type { PersonKey } from './people.ts';
import { emailOf, minute, type Context } from './rows.ts';

export async function writeDocuments(
  one: Examination,
  bookingId: string,
  referrer: PersonKey,
  context: Context,
): Promise<void> {
  const { rows, idOf } = context;
  const { row } = one;
  const over = one.writingSince ?? one.startsAt;
  // Papers of referrers follow the booking; those of the specialist's rooms follow the examination.
  for (const [index, paper] of (row.papers ?? []).entries()) {
    const isStaffs = paper === 'dictation' || paper === 'report_draft';
    const at = isStaffs
      ? new Date(over.getTime() + 90 * minute)
      : new Date(one.bookedAt.getTime() + (index + 1) * 9 * minute);
    await addDocument(
      paperOf(one, paper),
      { bookingId, at, by: isStaffs ? 'sam' : referrer, releasedAt: null },
      context,
    );
  }
  if (!one.reportedAt) return;
  const uploadedAt = new Date(one.reportedAt.getTime() - 6 * minute);
  const reportId = await addDocument(
    paperOf(one, 'report'),
    { bookingId, at: uploadedAt, by: 'sam', releasedAt: one.reportedAt },
    context,
  );
  const recipientId = idOf(referrer);
  rows.events.push({
    at: one.reportedAt,
    actor: 'sam',
    action: 'document.released',
    resource: ['document', reportId],
    metadata: { bookingId, recipients: [recipientId] },
  });
  const emailId = systemIds.uuid();
  rows.emails.push({
    id: emailId,
    kind: 'report_ready',
    dedupe_key: `report_ready:${reportId}:1:${recipientId}`,
    recipient: emailOf(referrer),
    recipient_id: recipientId,
    booking_id: bookingId,
    document_id: reportId,
    status: 'sent',
    attempts: 1,
    last_error: null,
    message_id: `<${emailId}@localhost>`,
    sent_at: one.reportedAt,
    created_at: one.reportedAt,
    updated_at: one.reportedAt,
  });
}

async function addDocument(
  { category, fileName, bytes }: PaperFile,
  { bookingId, at, by, releasedAt }: { bookingId: string; at: Date; by: PersonKey; releasedAt: Date | null },
  { rows, deps, idOf }: Context,
): Promise<string> {
  const inspection = createInspection({ maxBytes: bytes.length, accepted: ['pdf', 'wav'], extension: null });
  // The same check and the same hashes as an upload has.
  await pipeline(Readable.from([bytes]), inspection.stream.resume());
  const digest = inspection.digest();
  const kind = await inspection.decideKind({
    size: bytes.length,
    read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
  });
  if (!documentKinds[kind].extensions.some((extension) => fileName.endsWith(`.${extension}`)))
    throw new Error(`A paper of the demo is ${kind}, and its name says otherwise`);
  const key = storedKey(newObjectName());
  deps.put(key, bytes);
  const id = systemIds.uuid();
  rows.documents.push({
    id,
    booking_id: bookingId,
    category,
    file_name: fileName,
    mime_type: mimeTypeOf(kind),
    size_bytes: digest.sizeBytes,
    sha256: digest.sha256,
    chunk_bytes: chunkBytes,
    chunk_sha256: digest.chunkSha256,
    s3_key: key,
    status: 'not_scanned',
    uploaded_by_id: idOf(by),
    uploaded_for_id: null,
    created_at: at,
    updated_at: releasedAt ?? at,
    released_at: releasedAt,
    released_by_id: releasedAt && idOf('sam'),
    releases: releasedAt ? 1 : 0,
  });
  rows.events.push({
    at,
    actor: by,
    action: 'document.uploaded',
    resource: ['document', id],
    metadata: { bookingId, category, sizeBytes: digest.sizeBytes, sha256: digest.sha256 },
  });
  return id;
}
