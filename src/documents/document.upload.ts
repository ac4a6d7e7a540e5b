// Receiving files: stored under the pending prefix while they are looked at, then copied to their place, then
// their rows are written; only then is the pending twin removed. Whoever finds a twin knows that the copy beside
// it is either spoken of by a row, or left by a process that died (document.sweep.ts).
import { pipeline, type Readable } from 'node:stream';
import { attribution, auditActor, isStaff, type Actor } from '../accounts/index.ts';
import { findVisible, lockBooking, maySee, type Booking } from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { errorFacts } from '../lib/error-facts.ts';
import { failure, ok, type Result } from '../lib/result.ts';
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
import {
  documentCategories,
  isVisibleAtOnce,
  kindsFor,
  uploadCategories,
  type Document,
  type DocumentCategory,
} from './document.ts';
import { cleanFileName, withExtension, type FileName } from './file-name.ts';

export type UploadFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'booking_cancelled' }
  | { reason: 'invalid'; errors: { path: string; message: string }[] }
  /** `position`: which file of the request, from 1. Its name is health information and stays out of errors. */
  | { reason: 'content'; position: number; fault: ContentFault }
  /** Uploads from the browser to the store are not set up. */
  | { reason: 'not_direct' }
  | { reason: 'too_slow' }
  | { reason: 'storage_unavailable' };

/** One request with files. Exactly one of `finish` and `abandon` ends it. */
export interface UploadSession {
  /**
   * The next file, as it comes in: `content` is what must be stored at `key`.
   * @throws UploadRefused
   */
  admit(
    category: unknown,
    file: { originalName: string; stream: Readable },
  ): { key: string; content: Readable };
  /** What the first refused file was refused for. */
  refusal(): UploadFailure | null;
  /** All files are stored: makes them documents, all or none. */
  finish(actor: Actor, category: unknown): Promise<Result<Document[], UploadFailure>>;
  /** Takes back what was stored; what cannot be, the sweeper does. Writes `document.refused`. */
  abandon(why: string): Promise<void>;
}

export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly failure: UploadFailure;
  constructor(why: UploadFailure) {
    super(`The upload is refused: ${why.reason}`);
    this.failure = why;
  }
}

interface Received {
  objectName: string;
  name: FileName;
  inspection: Inspection;
}

type Take = (
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

/** Null: something may be added to it. */
export function refusalOf({ status }: Pick<Booking, 'status'>): UploadFailure | null {
  return status === 'cancelled' ? { reason: 'booking_cancelled' } : null;
}

/** What else the transaction writes that makes documents, before it makes them; a failure undoes it. */
export type FirstWrite = (
  trx: Transaction,
  documents: Pick<Document, 'id'>[],
) => Promise<UploadFailure | null>;

export interface OpenSession extends UploadSession {
  /**
   * The next file, when the browser has sent it to the store itself: `objectName` is its name below the pending
   * prefix. Its bytes are read once, and held to the same rules, and to what the browser said that it sent.
   * @throws UploadRefused, ContentRefused, ObjectStoreUnavailable
   */
  adopt(
    category: unknown,
    file: { originalName: string; objectName: string; hashes: PartHashes },
  ): Promise<void>;
}

export function openSession(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
  firstWrite: FirstWrite = () => Promise.resolve(null),
): OpenSession {
  const received: Received[] = [];
  const expiresAt = deps.clock.now().getTime() + timingsOf(deps).uploadMs;
  let first: UploadFailure | null = null;
  const refuse = (why: UploadFailure): never => {
    first ??= why;
    throw new UploadRefused(why);
  };

  const take: Take = (category, { originalName, objectName, stream }) => {
    const position = received.length + 1;
    const chosen = chooseCategory(actor, category);
    if (!chosen.ok) return refuse(chosen);
    if (position > deps.limits.maxFiles) return refuse(tooMany(deps));
    const name = cleanFileName(originalName);
    const inspection = createInspection({
      maxBytes: deps.limits.maxBytes,
      accepted: kindsFor(chosen.value, deps.limits.kinds),
      extension: name.extension,
    });
    pipeline(stream, inspection.stream, (error) => {
      if (error instanceof ContentRefused) first ??= { reason: 'content', position, fault: error.fault };
    });
    received.push({ objectName, name, inspection });
    return { key: pendingKey(objectName), content: inspection.stream };
  };

  return {
    admit: (category, file) => take(category, { ...file, objectName: newObjectName() }),

    async adopt(category, { originalName, objectName, hashes }) {
      const found = await deps.store.get(pendingKey(objectName));
      if (!found) throw new ObjectStoreUnavailable('vanished');
      try {
        const checked = createPartCheck(hashes);
        const { content } = take(category, { originalName, objectName, stream: checked });
        pipeline(found.stream, checked, () => undefined);
        for await (const _ of content);
      } catch (error) {
        if (error instanceof ContentRefused || error instanceof UploadRefused) throw error;
        throw new ObjectStoreUnavailable('read');
      } finally {
        found.stream.destroy();
      }
    },

    refusal: () => first,

    async finish(now, category) {
      const chosen = chooseCategory(now, category);
      if (!chosen.ok) return chosen;
      if (received.length === 0) return failure(noFiles());
      await deps.onStep?.('received');
      if (deps.clock.now().getTime() > expiresAt) return failure({ reason: 'too_slow' });
      try {
        return await keep(deps, now, { bookingId, category: chosen.value, firstWrite }, received);
      } catch (error) {
        if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'storage_unavailable' });
        if (error instanceof UploadRefused) return failure(error.failure);
        throw error;
      }
    },

    async abandon(why) {
      const names = received.map(({ objectName }) => objectName);
      if (names.length > 0) await takeBack(deps, names);
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

async function keep(
  deps: DocumentDeps,
  actor: Actor,
  {
    bookingId,
    category,
    firstWrite,
  }: { bookingId: string; category: DocumentCategory; firstWrite: FirstWrite },
  received: Received[],
): Promise<Result<Document[], UploadFailure>> {
  const settled = await settleAll(deps, actor, bookingId, category, received);
  if (!settled.ok) return settled;
  await deps.onStep?.('verified');
  for (const { objectName } of received) {
    const copied = await deps.store.copy(pendingKey(objectName), storedKey(objectName));
    if (!copied) throw new ObjectStoreUnavailable('vanished');
  }
  await deps.onStep?.('copied');
  const documents = await writeRows(deps, actor, bookingId, settled.value, firstWrite);
  if (!documents.ok) return documents;
  await deps.onStep?.('committed');
  await removeTwins(deps, received);
  await deps.onStep?.('answered');
  return documents;
}

/** What each file is, looked into as a whole; the first that cannot be taken refuses all. */
async function settleAll(
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
  bookingId: string,
  documents: NewDocument[],
  firstWrite: FirstWrite,
): Promise<Result<Document[], UploadFailure>> {
  return deps.db.transaction(async (trx): Promise<Result<Document[], UploadFailure>> => {
    // Hours may have passed since the first byte.
    const booking = await lockBooking(trx, bookingId);
    if (!booking || !maySee(actor.viewer, booking)) return failure({ reason: 'not_found' });
    const refused = refusalOf(booking);
    if (refused) return failure(refused);
    const because = await firstWrite(trx, documents);
    if (because) throw new UploadRefused(because);
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
 * Referrers are told of what staff add for them to see, also of what an admin adds while acting as one of them: one
 * message, however many documents.
 */
async function announceAdded(
  deps: DocumentDeps,
  trx: Transaction,
  { viewer }: Actor,
  [first]: readonly Document[],
): Promise<void> {
  // All documents of one upload have one category.
  const isByAgency = isStaff(viewer) || viewer.actingAdmin !== null;
  if (!first || !isByAgency || !isVisibleAtOnce(first.category)) return;
  await deps.announce(trx, { kind: 'document_added', bookingId: first.bookingId });
}

/** The copies first: a twin without its copy is nothing, a copy without its twin would be nobody's. */
export async function takeBack(deps: DocumentDeps, names: string[]): Promise<void> {
  try {
    await deps.store.remove(names.map(storedKey));
    await deps.store.remove(names.map(pendingKey));
  } catch (error) {
    deps.log.warn({ err: errorFacts(error) }, 'Objects of a refused upload are left to the sweeper');
  }
}

async function removeTwins(deps: DocumentDeps, received: Received[]): Promise<void> {
  try {
    await deps.store.remove(received.map(({ objectName }) => pendingKey(objectName)));
  } catch (error) {
    deps.log.warn({ err: errorFacts(error) }, 'Pending objects are left to the sweeper');
  }
}

export function chooseCategory(actor: Actor, given: unknown): Result<DocumentCategory, UploadFailure> {
  const allowed = uploadCategories(actor.viewer);
  const words = allowed.join(', ');
  const invalid = (message: string) =>
    failure({ reason: 'invalid', errors: [{ path: 'category', message }] } satisfies UploadFailure);
  if (given === undefined || given === '')
    return invalid(`Send the category before the files: one of ${words}`);
  if (Array.isArray(given)) return invalid('Send one category, once: it holds for all the files');
  const known = documentCategories.find((category) => category === given);
  // To whom dictations do not exist, theirs is a word like any other.
  if (!known || (known === 'dictation' && !allowed.includes(known))) return invalid(`Choose one of ${words}`);
  return allowed.includes(known) ? ok(known) : failure({ reason: 'forbidden' });
}

function noFiles(): UploadFailure {
  return { reason: 'invalid', errors: [{ path: 'files', message: 'Choose at least one file' }] };
}

export function tooMany({ limits }: Pick<DocumentDeps, 'limits'>): UploadFailure {
  const message = `Choose ${limits.maxFiles} files or fewer, and send the others after`;
  return { reason: 'invalid', errors: [{ path: 'files', message }] };
}
