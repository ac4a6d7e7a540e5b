import type { Queryable } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { DocumentCategory } from './document.ts';

export interface StoredUpload {
  id: string;
  bookingId: string;
  userId: string;
  category: DocumentCategory;
  fileName: string;
  sizeBytes: number;
  partBytes: number;
  objectName: string;
  s3UploadId: string;
  state: RowOf<'direct_uploads'>['state'];
  partSha256: Buffer | null;
  documentId: string | null;
  expiresAt: Date;
}

function toUpload(row: RowOf<'direct_uploads'>): StoredUpload {
  return {
    id: row.id,
    bookingId: row.booking_id,
    userId: row.user_id,
    category: row.category,
    fileName: row.file_name,
    sizeBytes: row.size_bytes,
    partBytes: row.part_bytes,
    objectName: row.object_name,
    s3UploadId: row.s3_upload_id,
    state: row.state,
    partSha256: row.part_sha256,
    documentId: row.document_id,
    expiresAt: row.expires_at,
  };
}

export type NewUpload = Omit<StoredUpload, 'state' | 'partSha256' | 'documentId'>;

export async function insertUpload(db: Queryable, upload: NewUpload): Promise<void> {
  await db('direct_uploads').insert({
    id: upload.id,
    booking_id: upload.bookingId,
    user_id: upload.userId,
    category: upload.category,
    file_name: upload.fileName,
    size_bytes: upload.sizeBytes,
    part_bytes: upload.partBytes,
    object_name: upload.objectName,
    s3_upload_id: upload.s3UploadId,
    expires_at: upload.expiresAt,
  });
}

export async function findUpload(
  db: Queryable,
  key: { id: string; bookingId: string; userId: string },
): Promise<StoredUpload | null> {
  const row = await db('direct_uploads')
    .where({ id: key.id, booking_id: key.bookingId, user_id: key.userId })
    .first();
  return row ? toUpload(row) : null;
}

/**
 * Uploads that can still be completed, oldest first. `passedOver`: a new upload of the same file does not resume it.
 */
export async function openUploadsOf(
  db: Queryable,
  key: { bookingId: string; userId: string },
  now: Date,
): Promise<(StoredUpload & { passedOver: boolean })[]> {
  const rows = await db('direct_uploads')
    .where({ user_id: key.userId, booking_id: key.bookingId, state: 'open' })
    .where('expires_at', '>', now)
    .orderBy('created_at');
  return rows.map((row) => ({ ...toUpload(row), passedOver: row.passed_over }));
}

export async function markPassedOver(db: Queryable, id: string): Promise<void> {
  await db('direct_uploads').where({ id, state: 'open' }).update({ passed_over: true });
}

export async function storePartHashes(db: Queryable, id: string, sha256: Buffer): Promise<void> {
  await db('direct_uploads').where({ id, state: 'open' }).update({ part_sha256: sha256 });
}

/** False when the upload is no longer open; then nothing changes. */
export async function endUpload(
  db: Queryable,
  id: string,
  /** `part_sha256`: the hashes of the parts that became the document. */
  end: { state: 'stored'; document_id: string; part_sha256: Buffer | null } | { state: 'refused' },
): Promise<boolean> {
  return (await db('direct_uploads').where({ id, state: 'open' }).update(end)) === 1;
}

/** The sweep aborts the store's uploads of these rows. */
export async function deleteOldUploads(db: Queryable, before: Date): Promise<void> {
  await db('direct_uploads').where('created_at', '<', before).delete();
}
