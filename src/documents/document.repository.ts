import type { Queryable, Transaction } from '../db/knex.ts';
import { prepare } from '../db/statements.ts';
import type { DocumentDeps } from './document.deps.ts';
import type { Visibility } from './document.access.ts';
import type { Document, DocumentCategory, DocumentStatus } from './document.ts';
import type { Digest } from './content/index.ts';

interface DocumentRow {
  id: string;
  booking_id: string;
  category: DocumentCategory;
  file_name: string;
  mime_type: string;
  size_bytes: number;
  sha256: string;
  status: DocumentStatus;
  uploaded_by_id: string;
  uploaded_by_name: string;
  uploaded_for_id: string | null;
  uploaded_for_name: string | null;
  created_at: Date;
  damaged_at: Date | null;
  released_at: Date | null;
}

export interface NewDocument {
  id: string;
  bookingId: string;
  category: DocumentCategory;
  fileName: string;
  mimeType: string;
  digest: Digest;
  chunkBytes: number;
  s3Key: string;
  status: DocumentStatus;
  uploadedById: string;
  uploadedForId: string | null;
}

/** Where the bytes are, and their hashes. */
export interface Custody {
  s3Key: string;
  chunkBytes: number;
  chunkSha256: Buffer;
}

const columns = [
  'id',
  'booking_id',
  'category',
  'file_name',
  'mime_type',
  'size_bytes',
  'sha256',
  'status',
  'uploaded_by_id',
  'uploaded_for_id',
  'created_at',
  'damaged_at',
  'released_at',
].map((column) => `d.${column}`);

function selectDocuments(db: Queryable) {
  return db('documents as d')
    .join('users as ub', 'ub.id', 'd.uploaded_by_id')
    .leftJoin('users as uf', 'uf.id', 'd.uploaded_for_id')
    .whereNull('d.deleted_at')
    .select<DocumentRow[]>(...columns, 'ub.name as uploaded_by_name', 'uf.name as uploaded_for_name');
}

function toDocument(row: DocumentRow): Document {
  return {
    id: row.id,
    bookingId: row.booking_id,
    category: row.category,
    fileName: row.file_name,
    mimeType: row.mime_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    status: row.status,
    uploadedBy: { id: row.uploaded_by_id, name: row.uploaded_by_name },
    uploadedFor:
      row.uploaded_for_id === null ? null : { id: row.uploaded_for_id, name: row.uploaded_for_name ?? '' },
    createdAt: row.created_at,
    damagedAt: row.damaged_at,
    releasedAt: row.released_at,
  };
}

/** Null when unknown or deleted. */
export async function findDocument(db: Queryable, id: string): Promise<Document | null> {
  const row = await selectDocuments(db).where('d.id', id).first();
  return row ? toDocument(row) : null;
}

/** `maySeeDocument` in SQL. */
const narrowToVisible = `category = any(:categories) and (:drafts::boolean or category <> 'report' or released_at is not null)`;

type Listed = Visibility & { bookingId: string };

function selectListed(db: Queryable, { bookingId, categories, drafts }: Listed) {
  return selectDocuments(db)
    .where('d.booking_id', bookingId)
    .whereRaw(narrowToVisible, { categories, drafts })
    .orderBy(['d.created_at', 'd.id']);
}

/** In the order of their upload, without deleted ones. */
export async function documentsOf(
  db: Queryable,
  bookingId: string,
  { categories, drafts }: Visibility,
): Promise<Document[]> {
  const rows = await selectListed(db, { bookingId, categories: [...categories], drafts });
  return rows.map(toDocument);
}

const prepared = prepare<DocumentRow, Listed>('documents of a booking', selectListed);

/** The same, outside a transaction. */
export async function listDocuments(
  deps: Pick<DocumentDeps, 'db' | 'statements'>,
  bookingId: string,
  { categories, drafts }: Visibility,
): Promise<Document[]> {
  return (await prepared(deps, { bookingId, categories, drafts })).map(toDocument);
}

/** A hash of what the list shows. Open pages poll it every few seconds, so it reads one table and returns one row. */
export async function documentsState(
  db: Queryable,
  bookingId: string,
  { categories, drafts }: Visibility,
): Promise<string> {
  const { rows } = await db.raw<{ rows: [{ state: string }] }>(
    `select left(encode(sha256(convert_to(all_of_it, 'UTF8')), 'hex'), 32) as state
     from (select coalesce(string_agg(concat_ws(' ', id, status, damaged_at is not null, released_at), ',' order by created_at, id), '')
           from documents
           where booking_id = :bookingId and ${narrowToVisible} and deleted_at is null) as list (all_of_it)`,
    { bookingId, categories: [...categories], drafts },
  );
  return rows[0].state;
}

export async function custodyOf(db: Queryable, id: string): Promise<Custody> {
  const row = await db('documents').where({ id }).first('s3_key', 'chunk_bytes', 'chunk_sha256');
  if (!row) throw new Error(`Document ${id} cannot be found`);
  return { s3Key: row.s3_key, chunkBytes: row.chunk_bytes, chunkSha256: row.chunk_sha256 };
}

export async function insertDocument(trx: Transaction, document: NewDocument): Promise<void> {
  await trx('documents').insert({
    id: document.id,
    booking_id: document.bookingId,
    category: document.category,
    file_name: document.fileName,
    mime_type: document.mimeType,
    size_bytes: document.digest.sizeBytes,
    sha256: document.digest.sha256,
    chunk_bytes: document.chunkBytes,
    chunk_sha256: document.digest.chunkSha256,
    s3_key: document.s3Key,
    status: document.status,
    uploaded_by_id: document.uploadedById,
    uploaded_for_id: document.uploadedForId,
  });
}

/** Locks the row (`FOR UPDATE`); null when unknown or deleted. */
export async function lockDocument(trx: Transaction, id: string): Promise<Document | null> {
  await trx('documents').where({ id }).forUpdate().select('id');
  return findDocument(trx, id);
}

/** Those of the keys that have a row; rows of deleted documents count. */
export async function knownKeys(db: Queryable, keys: string[]): Promise<Set<string>> {
  const found = await db('documents').whereIn('s3_key', keys).pluck('s3_key');
  return new Set(found);
}
