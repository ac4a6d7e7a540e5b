import type { Queryable, Transaction } from '../db/knex.ts';
import type { RowOf } from '../db/rows.ts';
import type { Viewer } from '../accounts/index.ts';
import type { ViewPart } from '../bookings/index.ts';
import type { Visibility } from './document.access.ts';
import type { Document, DocumentCategory, DocumentStatus } from './document.ts';
import type { Digest } from './content/index.ts';

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

const ownColumns = [
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
] as const;

type DocumentRow = Pick<RowOf<'documents'>, (typeof ownColumns)[number]> & {
  uploaded_by_name: string;
  uploaded_for_name: string | null;
};

const columns = ownColumns.map((column) => `d.${column}`);

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

/** Expressions of SQL: the booking whose documents are listed, and the viewer's Visibility. */
interface ListSql {
  bookingId: string;
  categories: string;
  drafts: string;
}

/** `maySeeDocument` in SQL. */
const isListed = ({ bookingId, categories, drafts }: ListSql) => `
  d.booking_id = ${bookingId} and d.deleted_at is null and d.category = any(${categories}::text[])
    and (${drafts}::boolean or d.category <> 'report' or d.released_at is not null)`;

/** In the order of their upload, without deleted ones. */
const listSql = (of: ListSql) => `
  select ${columns.join(', ')}, ub.name as uploaded_by_name, uf.name as uploaded_for_name
  from documents d join users ub on ub.id = d.uploaded_by_id left join users uf on uf.id = d.uploaded_for_id
  where ${isListed(of)} order by d.created_at, d.id`;

const stateSql = (of: ListSql) => `
  select left(encode(sha256(convert_to(all_of_it, 'UTF8')), 'hex'), 32) as state
  from (select coalesce(string_agg(concat_ws(' ', id, category, status, damaged_at is not null, released_at), ',' order by created_at, id), '')
        from documents d where ${isListed(of)}) as list (all_of_it)`;

const asked: ListSql = { bookingId: '?', categories: '?', drafts: '?' };

export async function documentsOf(
  db: Queryable,
  bookingId: string,
  { categories, drafts }: Visibility,
): Promise<Document[]> {
  const { rows } = await db.raw<{ rows: DocumentRow[] }>(listSql(asked), [bookingId, categories, drafts]);
  return rows.map(toDocument);
}

/** A hash of what the list shows. Open pages poll it every few seconds, so it reads one table and returns one row. */
export async function documentsState(
  db: Queryable,
  bookingId: string,
  { categories, drafts }: Visibility,
): Promise<string> {
  const { rows } = await db.raw<{ rows: [{ state: string }] }>(stateSql(asked), [
    bookingId,
    categories,
    drafts,
  ]);
  return rows[0].state;
}

/** The list as parts of a booking's view, so that one statement reads both. @param visibilityFor what a viewer may see */
export function listParts(visibilityFor: (viewer: Viewer) => Visibility) {
  const values = (viewer: Viewer): unknown[] => {
    const { categories, drafts } = visibilityFor(viewer);
    return [categories, drafts];
  };
  const of = (bookingId: string, first: number): ListSql => ({
    bookingId,
    categories: `$${first}`,
    drafts: `$${first + 1}`,
  });
  const documents: ViewPart<Document[]> = {
    sql: (bookingId, first) =>
      `(select coalesce(json_agg(d order by d.created_at, d.id), '[]') from (${listSql(of(bookingId, first))}) d)`,
    values,
    read: (json) => (json as InJson<DocumentRow>[]).map((row) => toDocument(fromJson(row))),
  };
  const state: ViewPart<string> = {
    sql: (bookingId, first) => `(${stateSql(of(bookingId, first))})`,
    values,
    read: String,
  };
  return { documents, documentsState: state };
}

/** A row as it is in JSON, which has no dates. */
type InJson<Row> = {
  [Column in keyof Row]: Date extends Row[Column] ? string | Exclude<Row[Column], Date> : Row[Column];
};

function fromJson(row: InJson<DocumentRow>): DocumentRow {
  const { created_at, damaged_at, released_at } = row;
  return {
    ...row,
    created_at: new Date(created_at),
    damaged_at: damaged_at === null ? null : new Date(damaged_at),
    released_at: released_at === null ? null : new Date(released_at),
  };
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

/** Returns those of the keys that have a row. Rows of deleted documents count. */
export async function knownKeys(db: Queryable, keys: string[]): Promise<Set<string>> {
  const found = await db('documents').whereIn('s3_key', keys).pluck('s3_key');
  return new Set(found);
}
