// Handing a document out: rights, then its bytes piece by piece, each checked against what was received before it
// is handed on. A wrong byte ends the answer; it is never sent.
import { createHash } from 'node:crypto';
import { addAbortSignal, Readable } from 'node:stream';
import { auditActor, type Actor } from '../accounts/index.ts';
import { systemActor } from '../audit/index.ts';
import { findBooking, idSchema, maySee } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';
import type { DocumentDeps } from './document.deps.ts';
import { custodyOf, findDocument, type Custody } from './document.repository.ts';
import { heldBackBecause, maySeeDocument, type Document, type HeldBack } from './document.ts';

export type OpenFailure =
  | { reason: 'not_found' }
  | { reason: 'range_not_satisfiable'; sizeBytes: number }
  /** It is there, and its bytes are not handed out: still being scanned, found infected, or not what was received. */
  | { reason: 'not_available'; because: HeldBack }
  | { reason: 'storage_unavailable' };

export interface WantedRange {
  /** From the end when `start` is null: `end` bytes. */
  start: number | null;
  end: number | null;
}

export interface OpenedDocument {
  document: Document;
  /** Both ends included; null: the whole. */
  range: { start: number; end: number } | null;
  /** Checked piece by piece before it is handed on; fails rather than give one wrong byte. */
  content: Readable;
}

type Range = { start: number; end: number };

/** The stored bytes are not those received. */
export class DocumentDamaged extends Error {
  override readonly name = 'DocumentDamaged';
}

/** Null when unknown, or not theirs to know of: the two look the same outside, and differ in the audit log. */
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
  purpose: 'download' | 'view',
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
  const because = heldBackBecause(document);
  // Found once, it is not begun again and again: the nightly look finds it whole when the right bytes are back.
  if (because === 'damaged') await record('failure');
  if (because) return failure({ reason: 'not_available', because });
  const range = wanted && rangeWithin(wanted, document.sizeBytes);
  if (wanted && !range) return failure({ reason: 'range_not_satisfiable', sizeBytes: document.sizeBytes });
  const failed = () => record('failure', range);
  try {
    const content = await begun(deps, document, range ?? whole(document), failed);
    await record('success', range).catch((error: unknown) => {
      content.destroy();
      throw error;
    });
    return ok({ document, range, content });
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
    if (!(error instanceof DocumentDamaged)) throw error;
    await failed();
    return failure({ reason: 'not_available', because: 'damaged' });
  }
}

export function whole({ sizeBytes }: Pick<Document, 'sizeBytes'>): Range {
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
 * With its first piece in hand: until then there is still a status to answer with. Destroyed, it lets go of the store
 * at once, whether it has been read from or not.
 */
async function begun(
  deps: DocumentDeps,
  document: Document,
  range: Range,
  whenDamaged: () => Promise<void>,
): Promise<Readable> {
  const leave = new AbortController();
  const pieces = checkedContent(deps, document, range, leave.signal);
  let ahead: IteratorResult<Buffer, void> | null = await pieces.next();
  const handOn = async () => {
    try {
      const { done, value } = ahead ?? (await pieces.next());
      ahead = null;
      if (!content.destroyed) content.push(done ? null : value);
    } catch (error) {
      if (error instanceof DocumentDamaged) await whenDamaged();
      throw error;
    }
  };
  const content = new Readable({
    read: () => void handOn().catch((error: unknown) => content.destroy(error as Error)),
    destroy(error, done) {
      leave.abort();
      done(error);
    },
  });
  return content;
}

/** The wanted bytes. Throws DocumentDamaged, and raises the alarm, before any byte of a wrong piece. */
export async function* checkedContent(
  deps: Pick<DocumentDeps, 'db' | 'store' | 'audit' | 'log'>,
  document: Pick<Document, 'id' | 'sizeBytes' | 'damagedAt'>,
  { start, end }: Range,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const custody = await custodyOf(deps.db, document.id);
  const { chunkBytes } = custody;
  const from = start - (start % chunkBytes);
  const to = Math.min(end - (end % chunkBytes) + chunkBytes, document.sizeBytes) - 1;
  const found = await deps.store.get(custody.s3Key, { start: from, end: to });
  if (!found) throw await alarmed(deps, document, 'the object is gone');
  if (signal) addAbortSignal(signal, found.stream);
  try {
    let at = from;
    for await (const chunk of inChunks(found.stream, chunkBytes)) {
      const expected = Math.min(chunkBytes, document.sizeBytes - at);
      if (lengthOf(chunk) !== expected || !isIntact(custody, at / chunkBytes, chunk)) {
        throw await alarmed(deps, document, 'the bytes are not those received');
      }
      for (const piece of chunk) {
        const part = piece.subarray(Math.max(start - at, 0), Math.max(end + 1 - at, 0));
        if (part.length > 0) yield part;
        at += piece.length;
      }
    }
    if (at !== to + 1) throw await alarmed(deps, document, 'the object is shorter than what was received');
  } finally {
    found.stream.destroy();
  }
}

function isIntact({ chunkSha256 }: Custody, index: number, chunk: Buffer[]): boolean {
  const hash = createHash('sha256');
  for (const piece of chunk) hash.update(piece);
  return hash.digest().equals(chunkSha256.subarray(index * 32, index * 32 + 32));
}

function lengthOf(chunk: Buffer[]): number {
  return chunk.reduce((sum, { length }) => sum + length, 0);
}

/** As they came, only cut where a chunk ends: joining them would copy every byte once more. */
async function* inChunks(stream: Readable, size: number): AsyncGenerator<Buffer[]> {
  let held: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      let rest = piece;
      while (length + rest.length >= size) {
        const part = rest.subarray(0, size - length);
        yield [...held, part];
        rest = rest.subarray(part.length);
        held = [];
        length = 0;
      }
      if (rest.length > 0) held.push(rest);
      length += rest.length;
    }
  } catch (error) {
    // What breaks while it is read is the way to the store, not the document.
    const { code, name } = error as { code?: string; name?: string };
    throw new ObjectStoreUnavailable(code ?? name ?? 'read');
  }
  if (length > 0) yield held;
}

/** Custody is broken: the row says so from now on, the log shouts each time, and the audit log knows since when. */
async function alarmed(
  deps: Pick<DocumentDeps, 'db' | 'audit' | 'log'>,
  document: Pick<Document, 'id' | 'damagedAt'>,
  what: string,
): Promise<DocumentDamaged> {
  deps.log.error({ documentId: document.id, alarm: 'document_damaged' }, `A document is damaged: ${what}`);
  await deps.db.transaction(async (trx) => {
    const isNews = await trx('documents')
      .where({ id: document.id })
      .whereNull('damaged_at')
      .update({ damaged_at: trx.fn.now() });
    if (!isNews) return;
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

/** For callers that read to the end by themselves. */
export function contentOf(deps: DocumentDeps, document: Document): Readable {
  return Readable.from(checkedContent(deps, document, whole(document)), { objectMode: false });
}
