// Receives files: stores them under `pending/` while they are checked, copies them to `documents/`, writes their rows,
// and only then removes the pending objects. So when the sweep (document.sweep.ts) finds a pending object whose copy has no
// row, the copy was left by a process that died.
import { pipeline, type Readable } from 'node:stream';
import { attribution, auditActor, isStaff, lockViewer, type Actor } from '../accounts/index.ts';
import { findVisible, lockBooking, maySee, type Booking } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { freeBlock } from '../lib/blocks.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, invalidField, type InvalidFields, ok, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable } from '../ports/object-store.ts';
import {
  chunkBytes,
  ContentRefused,
  createInspection,
  createPartCheck,
  documentKinds,
  mimeTypeOf,
  type ContentFault,
  type Inspection,
  type PartHashes,
} from './content/index.ts';
import { timingsOf, type DocumentDeps } from './document.deps.ts';
import { scanDocumentJob, scanKey } from './document.jobs.ts';
import { newObjectName, pendingKey, storedKey } from './document.keys.ts';
import { findDocument, insertDocument, type NewDocument } from './document.repository.ts';
import { storedFile } from './stored-file.ts';
import { isVisibleAtOnce, uploadCategories } from './document.access.ts';
import { documentCategories, kindsFor, type Document, type DocumentCategory } from './document.ts';
import { cleanFileName, withExtension, type FileName } from './file-name.ts';

export type UploadFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'booking_cancelled' }
  | InvalidFields
  /** `position`: which file of the request, from 1. Its name is health information and must not be in errors. */
  | { reason: 'content'; position: number; fault: ContentFault }
  /** Direct uploads are not configured. */
  | { reason: 'not_direct' }
  | { reason: 'signed_out' }
  | { reason: 'too_slow' }
  | { reason: 'storage_unavailable' };

/** One request with files. End it with either `finish` or `abandon`. */
export interface UploadSession {
  /**
   * Accepts the next file while it arrives. The caller must store `content` at `key`.
   * @throws UploadRefused
   */
  admit(
    category: unknown,
    file: { originalName: string; stream: Readable },
  ): { key: string; content: Readable };
  /** Why the first refused file was refused. */
  refusal(): UploadFailure | null;
  /** Call when all files are stored: makes all of them documents, or none. */
  finish(actor: Actor, category: unknown): Promise<Result<Document[], UploadFailure>>;
  /** Removes what was stored, or leaves it to the sweep. Records `document.refused`. */
  abandon(why: string): Promise<void>;
}

export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly failure: UploadFailure;
  constructor(why: UploadFailure) {
    super(`Upload refused: ${why.reason}`);
    this.failure = why;
  }
}

interface Received {
  objectName: string;
  name: FileName;
  inspection: Inspection;
}

type Accept = (
  category: unknown,
  file: { originalName: string; objectName: string; stream: Readable },
) => { key: string; content: Readable };

export async function beginUpload(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
): Promise<Result<UploadSession, UploadFailure>> {
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return failure({ reason: 'not_found' });
  const refused = refusalOf(booking);
  return refused ? failure(refused) : ok(openSession(deps, actor, booking.id));
}

/** Why nothing may be added to the booking; null: documents may be added. */
export function refusalOf({ status }: Pick<Booking, 'status'>): UploadFailure | null {
  return status === 'cancelled' ? { reason: 'booking_cancelled' } : null;
}

/** Runs in the transaction that writes the documents' rows, before them; a failure rolls everything back. */
export type ExtraWrite = (
  trx: Transaction,
  documents: Pick<Document, 'id'>[],
) => Promise<UploadFailure | null>;

export interface OpenSession extends UploadSession {
  /**
   * Adds a file that the browser sent directly to the store as `pending/<objectName>`. Reads it once, checks it by the
   * same rules, and compares its parts with the hashes that the browser gave.
   * @throws UploadRefused, ContentRefused, ObjectStoreUnavailable
   */
  addStored(
    category: unknown,
    file: { originalName: string; objectName: string; hashes: PartHashes },
  ): Promise<void>;
}

export function openSession(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  extraWrite: ExtraWrite = () => Promise.resolve(null),
): OpenSession {
  const received: Received[] = [];
  const expiresAt = deps.clock.now().getTime() + timingsOf(deps).uploadMs;
  let firstFailure: UploadFailure | null = null;
  const refuse = (why: UploadFailure): never => {
    firstFailure ??= why;
    throw new UploadRefused(why);
  };

  const accept: Accept = (category, { originalName, objectName, stream }) => {
    const position = received.length + 1;
    const chosen = parseCategory(actor, category);
    if (!chosen.ok) return refuse(chosen);
    if (position > deps.limits.maxFiles) return refuse(tooManyFiles(deps));
    const name = cleanFileName(originalName);
    const inspection = createInspection({
      maxBytes: deps.limits.maxBytes,
      accepted: kindsFor(chosen.value, deps.limits.kinds),
      extension: name.extension,
    });
    pipeline(stream, inspection.stream, (error) => {
      if (error instanceof ContentRefused)
        firstFailure ??= { reason: 'content', position, fault: error.fault };
    });
    received.push({ objectName, name, inspection });
    return { key: pendingKey(objectName), content: inspection.stream };
  };

  return {
    admit: (category, file) => accept(category, { ...file, objectName: newObjectName() }),

    async addStored(category, { originalName, objectName, hashes }) {
      const found = await deps.store.get(pendingKey(objectName));
      if (!found) throw new ObjectStoreUnavailable('vanished');
      try {
        const checked = createPartCheck(hashes);
        const { content } = accept(category, { originalName, objectName, stream: checked });
        pipeline(found.stream, checked, () => undefined);
        for await (const piece of content) freeBlock(piece as Buffer);
      } catch (error) {
        if (error instanceof ContentRefused || error instanceof UploadRefused) throw error;
        throw new ObjectStoreUnavailable('read');
      } finally {
        found.stream.destroy();
      }
    },

    refusal: () => firstFailure,

    async finish(now, category) {
      const chosen = parseCategory(now, category);
      if (!chosen.ok) return chosen;
      if (received.length === 0) return failure(noFiles());
      await deps.onStep?.('received');
      if (deps.clock.now().getTime() > expiresAt) return failure({ reason: 'too_slow' });
      try {
        return await storeDocuments(deps, now, { bookingId, category: chosen.value, extraWrite }, received);
      } catch (error) {
        if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
        if (error instanceof UploadRefused) return failure(error.failure);
        throw error;
      }
    },

    async abandon(why) {
      const names = received.map(({ objectName }) => objectName);
      if (names.length > 0) await removeObjects(deps, names);
      await recordRefusal(deps, actor, bookingId, { why, files: names.length });
    },
  };
}

export async function recordRefusal(
  { db, audit }: { db: Queryable; audit: DocumentDeps['audit'] },
  actor: Actor,
  bookingId: string,
  { why, files }: { why: string; files: number },
): Promise<void> {
  await audit.record(db, auditActor(actor), {
    action: 'document.refused',
    resourceType: 'booking',
    resourceId: bookingId,
    outcome: 'failure',
    metadata: { reason: why, files },
  });
}

interface Destination {
  bookingId: string;
  category: DocumentCategory;
  extraWrite: ExtraWrite;
}

async function storeDocuments(
  deps: DocumentDeps,
  actor: Actor,
  { bookingId, category, extraWrite }: Destination,
  received: Received[],
): Promise<Result<Document[], UploadFailure>> {
  const checked = await checkFiles(deps, actor, bookingId, category, received);
  if (!checked.ok) return checked;
  await deps.onStep?.('verified');
  for (const { objectName } of received) {
    const copied = await deps.store.copy(pendingKey(objectName), storedKey(objectName));
    if (!copied) throw new ObjectStoreUnavailable('vanished');
  }
  await deps.onStep?.('copied');
  const documents = await writeRows(deps, actor, { bookingId, category, extraWrite }, checked.value);
  if (!documents.ok) return documents;
  await deps.onStep?.('committed');
  await removePending(deps, received);
  await deps.onStep?.('answered');
  return documents;
}

/** Decides the kind of each file. When one cannot be accepted, all are refused. */
async function checkFiles(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  category: DocumentCategory,
  received: Received[],
): Promise<Result<NewDocument[], UploadFailure>> {
  const { byId, forId } = attribution(actor.viewer);
  const documents: NewDocument[] = [];
  for (const [index, { objectName, name, inspection }] of received.entries()) {
    const digest = inspection.digest();
    try {
      const kind = await inspection.decideKind(
        storedFile(deps.store, pendingKey(objectName), digest.sizeBytes),
      );
      documents.push({
        id: deps.ids.uuid(),
        bookingId,
        category,
        fileName: withExtension(name, documentKinds[kind].extensions[0]),
        mimeType: mimeTypeOf(kind),
        digest,
        chunkBytes,
        s3Key: storedKey(objectName),
        status: deps.scanner ? 'checking' : 'not_scanned',
        uploadedById: byId,
        uploadedForId: forId,
      });
    } catch (error) {
      if (!(error instanceof ContentRefused)) throw error;
      return failure({ reason: 'content', position: index + 1, fault: error.fault });
    }
  }
  return ok(documents);
}

async function writeRows(
  deps: DocumentDeps,
  actor: Actor,
  { bookingId, category, extraWrite }: Destination,
  documents: NewDocument[],
): Promise<Result<Document[], UploadFailure>> {
  return deps.db.transaction(async (trx): Promise<Result<Document[], UploadFailure>> => {
    // The upload may have taken hours, so check again under the locks.
    const viewer = await lockViewer(trx, actor.viewer);
    if (!viewer) return failure({ reason: 'signed_out' });
    const booking = await lockBooking(trx, bookingId);
    if (!booking || !maySee(viewer, booking)) return failure({ reason: 'not_found' });
    const refused = refusalOf(booking);
    if (refused) return failure(refused);
    if (!uploadCategories(viewer).includes(category)) return failure({ reason: 'forbidden' });
    const failed = await extraWrite(trx, documents);
    if (failed) throw new UploadRefused(failed);
    const written: Document[] = [];
    for (const document of documents) {
      await insertDocument(trx, document);
      await deps.audit.record(trx, auditActor(actor), {
        action: 'document.uploaded',
        resourceType: 'document',
        resourceId: document.id,
        metadata: {
          bookingId,
          category: document.category,
          sizeBytes: document.digest.sizeBytes,
          sha256: document.digest.sha256,
        },
      });
      if (deps.scanner)
        await deps.jobs.add(scanDocumentJob, { documentId: document.id }, { trx, key: scanKey(document.id) });
      const found = await findDocument(trx, document.id);
      if (found) written.push(found);
    }
    await announceAdded(deps, trx, actor, written);
    await deps.onStep?.('in_transaction');
    return ok(written);
  });
}

/**
 * Announces documents that staff add for referrers to see, also those that an admin adds while acting as a referrer:
 * once, however many documents there are.
 */
async function announceAdded(
  deps: DocumentDeps,
  trx: Transaction,
  { viewer }: Actor,
  [first]: readonly Document[],
): Promise<void> {
  // All documents of one upload have one category.
  const isByStaff = isStaff(viewer) || viewer.actingAdmin !== null;
  if (!first || !isByStaff || !isVisibleAtOnce(first.category)) return;
  await deps.announce(trx, { kind: 'document_added', bookingId: first.bookingId });
}

/**
 * Removes the copies before the pending objects: a pending object without a copy is swept, a copy without a pending
 * object would look like a lost document.
 */
export async function removeObjects(deps: DocumentDeps, names: string[]): Promise<void> {
  try {
    await deps.store.remove(names.map(storedKey));
    await deps.store.remove(names.map(pendingKey));
  } catch (error) {
    deps.log.warn({ err: errorFacts(error) }, 'Objects of a refused upload are left to the sweep');
  }
}

async function removePending(deps: DocumentDeps, received: Received[]): Promise<void> {
  try {
    await deps.store.remove(received.map(({ objectName }) => pendingKey(objectName)));
  } catch (error) {
    deps.log.warn({ err: errorFacts(error) }, 'Pending objects are left to the sweep');
  }
}

export function parseCategory(actor: Actor, given: unknown): Result<DocumentCategory, UploadFailure> {
  const allowed = uploadCategories(actor.viewer);
  const words = allowed.join(', ');
  const invalid = (message: string) => invalidField('category', message);
  if (given === undefined || given === '')
    return invalid(`Send the category before the files: one of ${words}`);
  if (Array.isArray(given)) return invalid('Send one category, once: it holds for all the files');
  const known = documentCategories.find((category) => category === given);
  // A viewer who must not know that dictations exist gets the same answer for "dictation" as for any unknown word.
  if (!known || (known === 'dictation' && !allowed.includes(known))) return invalid(`Choose one of ${words}`);
  return allowed.includes(known) ? ok(known) : failure({ reason: 'forbidden' });
}

function noFiles(): UploadFailure {
  return { reason: 'invalid', errors: [{ path: 'files', message: 'Choose at least one file' }] };
}

export function tooManyFiles({ limits }: Pick<DocumentDeps, 'limits'>): UploadFailure {
  const message = `Choose ${limits.maxFiles} files or fewer, and send the others after`;
  return { reason: 'invalid', errors: [{ path: 'files', message }] };
}
