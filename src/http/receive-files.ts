// Receives a request with files: multer parses it, the object store stores it, the documents room decides.
import { PassThrough } from 'node:stream';
import type { Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import type { Accounts } from '../accounts/index.ts';
import {
  UploadRefused,
  type Document,
  type DocumentService,
  type UploadSession,
} from '../documents/index.ts';
import { failure, type FieldError, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable, type UploadStorage } from '../ports/object-store.ts';
import { actorOf, requestFacts, sessionRequest } from './actor.ts';
import type { ReceiveFailure } from './api/documents.problems.ts';

export interface ReceiveServices {
  documents: DocumentService;
  uploadStorage: UploadStorage;
  accounts: Pick<Accounts, 'viewer'>;
}

/** A client that sends nothing for this long is considered gone. */
const silenceMs = 60_000;
/** For the multipart headers and the other fields. */
const overheadBytes = 1024 * 1024;

export async function receiveFiles(
  services: ReceiveServices,
  req: Request,
  res: Response,
  bookingId: string,
): Promise<Result<Document[], ReceiveFailure>> {
  const { documents } = services;
  const begun = await documents.begin(actorOf(req, res), bookingId);
  if (!begun.ok) return begun;
  if (!req.is('multipart/form-data')) return failure({ reason: 'not_multipart' });
  const { maxBytes, maxFiles } = documents.limits;
  if (Number(req.get('content-length') ?? 0) > maxBytes * maxFiles + overheadBytes) {
    return failure({ reason: 'content', position: 1, fault: 'too_large' });
  }
  const session = begun.value;
  const received =
    (await readBody(services, session, req, res)) ?? (await finish(services, session, req, res));
  // A failure removes the stored files at once. After a thrown error they are left to the sweep.
  if (!received.ok) await session.abandon(received.reason === 'content' ? received.fault : received.reason);
  return received;
}

/** Null when all files are stored. */
async function readBody(
  { uploadStorage, documents }: ReceiveServices,
  session: UploadSession,
  req: Request,
  res: Response,
): Promise<Result<never, ReceiveFailure> | null> {
  const storage = uploadStorage({
    admit: (request, file) => session.admit((request.body as { category?: unknown }).category, file),
  });
  const read = multer({
    storage: storage.engine,
    defParamCharset: 'utf8',
    // The documents room cleans the names; busboy would drop a file called "..".
    preservePath: true,
    // The documents room limits sizes, and stops a file at the first byte over the limit.
    limits: { files: documents.limits.maxFiles, fields: 20, fieldSize: 1024, fieldNameSize: 100, parts: 60 },
  }).array('files');
  // A client that we pause, because the store is slow, is not silent.
  req.setTimeout(silenceMs, () => void (req.isPaused() || req.destroy()));
  const body = detachableBody(req);
  const error = await new Promise<unknown>((resolve) => {
    void read(body, res, resolve);
  });
  req.body = body.body as unknown;
  req.setTimeout(0);
  await storage.settled();
  body.destroy();
  // multer silently ignores some multipart content types that `req.is()` accepts; `body` is then undefined.
  if (req.body === undefined) return failure({ reason: 'malformed' });
  if (error === undefined || error === null) return null;
  const refusal = session.refusal();
  return failure(refusal ?? failureOf(error, documents.limits.maxFiles));
}

/**
 * The request's body for multer. multer reports an error only after the end of the body, so a client that keeps sending
 * would get its answer late or never. This stream ends as soon as multer unpipes it; middleware/unread.ts handles the
 * rest of the request.
 */
function detachableBody(req: Request): Request {
  const body = new DetachableBody();
  // multer listens for errors only while it reads.
  body.on('error', () => undefined);
  req.once('error', () => body.destroy(new Error('Request closed')));
  req.once('close', () => {
    if (!req.readableEnded) body.destroy(new Error('Request closed'));
  });
  return Object.assign(req.pipe(body), { headers: req.headers }) as unknown as Request;
}

class DetachableBody extends PassThrough {
  override unpipe(...from: Parameters<PassThrough['unpipe']>): this {
    super.unpipe(...from);
    return this.destroy();
  }
}

function failureOf(error: unknown, maxFiles: number): ReceiveFailure {
  if (error instanceof UploadRefused) return error.failure;
  if (error instanceof ObjectStoreUnavailable) return { reason: 'storage_unavailable' };
  if (error instanceof MulterError) return { reason: 'invalid', errors: [multerError(error, maxFiles)] };
  // multer's messages when the client has gone; every other plain Error is busboy's, for a malformed body.
  if (error instanceof Error && /^Request (aborted|closed)$/.test(error.message))
    return { reason: 'aborted' };
  if (error instanceof Error && error.name === 'Error') return { reason: 'malformed' };
  throw error;
}

function multerError({ code }: MulterError, maxFiles: number): FieldError {
  if (code === 'LIMIT_FILE_COUNT') {
    return { path: 'files', message: `Choose ${maxFiles} files or fewer, and send the others after` };
  }
  if (code === 'LIMIT_UNEXPECTED_FILE')
    return { path: 'files', message: 'Send every file in the field “files”' };
  return { path: 'category', message: 'Send category, then files, and nothing else' };
}

async function finish(
  { accounts }: ReceiveServices,
  session: UploadSession,
  req: Request,
  res: Response,
): Promise<Result<Document[], ReceiveFailure>> {
  // The client has gone, perhaps because somebody cancelled: do not store the files.
  if (req.socket.destroyed) return failure({ reason: 'aborted' });
  // A long upload may outlive the session, so check that the same person is still signed in.
  const before = actorOf(req, res).viewer;
  const { viewer } = await accounts.viewer(sessionRequest(req));
  if (viewer?.sessionId !== before.sessionId || viewer.userId !== before.userId) {
    return failure({ reason: 'signed_out' });
  }
  const { category } = req.body as { category?: unknown };
  return session.finish({ viewer, request: requestFacts(req, res) }, category);
}
