// Opens a document for reading: checks the rights, then reads chunk by chunk and compares each with its hash before
// passing it on. A wrong chunk ends the stream and is never sent.
import { addAbortSignal, Readable } from 'node:stream';
import { auditActor, type Actor } from '../accounts/index.ts';
import { systemActor } from '../audit/index.ts';
import { findBooking, idSchema, maySee } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';
import { chunkBytes } from './content/index.ts';
import { chunksOf } from './document.chunks.ts';
import type { DocumentDeps } from './document.deps.ts';
import { custodyOf, findDocument, type Custody } from './document.repository.ts';
import { maySeeDocument } from './document.access.ts';
import { unavailableReason, type Document, type UnavailableReason } from './document.ts';

export type OpenFailure =
  | { reason: 'not_found' }
  | { reason: 'range_not_satisfiable'; sizeBytes: number }
  /** The document exists and its bytes are withheld: still being scanned, infected, or damaged. */
  | { reason: 'not_available'; because: UnavailableReason }
  | { reason: 'storage_unavailable' };

export interface WantedRange {
  /** Null: the last `end` bytes. */
  start: number | null;
  end: number | null;
}

export interface OpenedDocument {
  document: Document;
  /** Both ends included; null: the whole document. */
  range: { start: number; end: number } | null;
  /** Each chunk is checked before it is passed on; the stream fails rather than give a wrong byte. */
  content: Readable;
}

/** `archive`: within a ZIP file of all documents. */
export type Purpose = 'download' | 'view' | 'archive';

type Range = { start: number; end: number };

/** The stored bytes are not those that were received. */
export class DocumentDamaged extends Error {
  override readonly name = 'DocumentDamaged';
}

/** Null when the document is unknown or hidden from the actor. Only the audit log tells the two apart. */
export async function findVisibleDocument(
  deps: Pick<DocumentDeps, 'db' | 'audit'>,
  actor: Actor,
  id: string,
): Promise<Document | null> {
  const document = idSchema.safeParse(id).success ? await findDocument(deps.db, id) : null;
  if (!document) return null;
  const booking = await findBooking(deps.db, document.bookingId);
  if (booking && maySee(actor.viewer, booking) && maySeeDocument(actor.viewer, document)) return document;
  await deps.audit.record(deps.db, auditActor(actor), {
    action: 'access.denied',
    resourceType: 'document',
    resourceId: document.id,
    outcome: 'denied',
  });
  return null;
}

export async function openDocument(
  deps: DocumentDeps,
  actor: Actor,
  id: string,
  wanted: WantedRange | null,
  purpose: Purpose,
): Promise<Result<OpenedDocument, OpenFailure>> {
  const document = await findVisibleDocument(deps, actor, id);
  if (!document) return failure({ reason: 'not_found' });
  const record = (outcome: 'success' | 'failure', range: Range | null = null) =>
    deps.audit.record(deps.db, auditActor(actor), {
      action: 'document.downloaded',
      resourceType: 'document',
      resourceId: document.id,
      outcome,
      metadata: {
        bookingId: document.bookingId,
        purpose,
        ...(range && { range }),
        ...(outcome === 'failure' && { because: 'damaged' }),
      },
    });
  const because = unavailableReason(document);
  // Known damage is refused without reading the bytes again; the nightly file check clears it when they are right.
  if (because === 'damaged') await record('failure');
  if (because) return failure({ reason: 'not_available', because });
  const range = wanted && rangeWithin(wanted, document.sizeBytes);
  if (wanted && !range) return failure({ reason: 'range_not_satisfiable', sizeBytes: document.sizeBytes });
  const recordFailure = () => record('failure', range);
  try {
    const content = await startContent(deps, document, range ?? wholeRange(document), recordFailure);
    await record('success', range).catch((error: unknown) => {
      content.destroy();
      throw error;
    });
    return ok({ document, range, content });
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
    if (!(error instanceof DocumentDamaged)) throw error;
    await recordFailure();
    return failure({ reason: 'not_available', because: 'damaged' });
  }
}

export function wholeRange({ sizeBytes }: Pick<Document, 'sizeBytes'>): Range {
  return { start: 0, end: sizeBytes - 1 };
}

function rangeWithin({ start, end }: WantedRange, size: number): Range | null {
  if (start === null)
    return end === null || end === 0 ? null : { start: Math.max(size - end, 0), end: size - 1 };
  return start >= size || (end !== null && end < start)
    ? null
    : { start, end: Math.min(end ?? size, size - 1) };
}

/**
 * Reads the first chunk before returning, so that damage can still be answered with a status. Destroying the stream
 * closes the connection to the store at once, whether the stream was read or not.
 */
async function startContent(
  deps: DocumentDeps,
  document: Document,
  range: Range,
  onDamage: () => Promise<void>,
): Promise<Readable> {
  const abort = new AbortController();
  const chunks = checkedChunks(deps, document, range, abort.signal);
  let first: IteratorResult<Buffer[], void> | null = await chunks.next();
  const pushNext = async () => {
    try {
      const { done, value } = first ?? (await chunks.next());
      first = null;
      for (const piece of done ? [null] : value) if (!content.destroyed) content.push(piece);
    } catch (error) {
      if (error instanceof DocumentDamaged) await onDamage();
      throw error;
    }
  };
  const content = new Readable({
    // The next chunk is read and compared while the second half of this one is sent.
    highWaterMark: chunkBytes / 2,
    read: () => void pushNext().catch((error: unknown) => content.destroy(error as Error)),
    destroy(error, done) {
      abort.abort();
      done(error);
    },
  });
  return content;
}

/** The bytes of a range, piece by piece. Whoever takes a piece may free it. */
export async function* checkedContent(...of: Parameters<typeof checkedChunks>): AsyncGenerator<Buffer, void> {
  for await (const pieces of checkedChunks(...of)) yield* pieces;
}

/** The pieces of each chunk. On a wrong chunk it raises the alarm and throws DocumentDamaged before any byte of it. */
async function* checkedChunks(
  deps: Pick<DocumentDeps, 'db' | 'store' | 'audit' | 'log'>,
  document: Pick<Document, 'id' | 'sizeBytes' | 'damagedAt'>,
  { start, end }: Range,
  signal?: AbortSignal,
): AsyncGenerator<Buffer[], void> {
  const custody = await custodyOf(deps.db, document.id);
  const size = custody.chunkBytes;
  const from = start - (start % size);
  const to = Math.min(end - (end % size) + size, document.sizeBytes) - 1;
  const found = await deps.store.get(custody.s3Key, { start: from, end: to });
  if (!found) throw await reportDamage(deps, document, 'the object is gone');
  if (signal) addAbortSignal(signal, found.stream);
  try {
    let at = from;
    for await (const { pieces, length, sha256 } of chunksOf(found.stream, size)) {
      const expected = Math.min(size, document.sizeBytes - at);
      if (length !== expected || !sha256.equals(storedHash(custody, at / size)))
        throw await reportDamage(deps, document, 'the bytes are not those received');
      const parts: Buffer[] = [];
      for (const piece of pieces) {
        const part = piece.subarray(Math.max(start - at, 0), Math.max(end + 1 - at, 0));
        if (part.length > 0) parts.push(part);
        at += piece.length;
      }
      if (parts.length > 0) yield parts;
    }
    if (at !== to + 1)
      throw await reportDamage(deps, document, 'the object is shorter than what was received');
  } finally {
    found.stream.destroy();
  }
}

function storedHash({ chunkSha256 }: Custody, index: number): Buffer {
  return chunkSha256.subarray(index * 32, index * 32 + 32);
}

/** Marks the row as damaged, with an audit entry the first time, and logs an error each time. */
async function reportDamage(
  deps: Pick<DocumentDeps, 'db' | 'audit' | 'log'>,
  document: Pick<Document, 'id' | 'damagedAt'>,
  what: string,
): Promise<DocumentDamaged> {
  deps.log.error({ documentId: document.id, alarm: 'document_damaged' }, `A document is damaged: ${what}`);
  await deps.db.transaction(async (trx) => {
    const isFirst = await trx('documents')
      .where({ id: document.id })
      .whereNull('damaged_at')
      .update({ damaged_at: trx.fn.now() });
    if (!isFirst) return;
    await deps.audit.record(trx, systemActor, {
      action: 'drift.found',
      resourceType: 'document',
      resourceId: document.id,
      outcome: 'failure',
      metadata: { what },
    });
  });
  return new DocumentDamaged(what);
}

/** The whole document as a stream, with the same checks. */
export function contentOf(deps: DocumentDeps, document: Document): Readable {
  return Readable.from(checkedContent(deps, document, wholeRange(document)), { objectMode: false });
}
