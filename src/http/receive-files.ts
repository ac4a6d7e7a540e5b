// A request with files, from its first byte to documents or to nothing: multer reads it, the object store takes it,
// the documents room decides.
import { PassThrough } from 'node:stream';
import { fromNodeHeaders } from 'better-auth/node';
import type { Request, Response } from 'express';
import multer, { MulterError } from 'multer';
import type { Accounts } from '../accounts/index.ts';
import {
  UploadRefused,
  type Document,
  type DocumentService,
  type UploadSession,
} from '../documents/index.ts';
import { failure, type Result } from '../lib/result.ts';
import { ObjectStoreUnavailable, type UploadStorage } from '../ports/object-store.ts';
import { actorOf, requestFacts } from './actor.ts';
import type { ReceiveFailure } from './api/documents.problems.ts';

export interface ReceiveServices {
  documents: DocumentService;
  uploadStorage: UploadStorage;
  accounts: Pick<Accounts, 'viewer'>;
}

/** A client that sends nothing for so long has gone. */
const silenceMs = 60_000;
const someSpare = 1024 * 1024;

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
  if (Number(req.get('content-length') ?? 0) > maxBytes * maxFiles + someSpare) {
    return failure({ reason: 'content', position: 1, fault: 'too_large' });
  }
  const session = begun.value;
  const received =
    (await readBody(services, session, req, res)) ?? (await finish(services, session, req, res));
  // Thrown errors go past this: what is known to have failed is taken back, the rest the sweeper finds out.
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
    // Names are cleaned by the room; busboy would drop a file called "..".
    preservePath: true,
    // Sizes are watched by the room, which stops a file at its first byte too many.
    limits: { files: documents.limits.maxFiles, fields: 20, fieldSize: 1024, fieldNameSize: 100, parts: 60 },
  }).array('files');
  // Held back while the store is slow, it cannot send: that is not its silence.
  req.setTimeout(silenceMs, () => void (req.isPaused() || req.destroy()));
  const standIn = standInFor(req);
  const error = await new Promise<unknown>((resolve) => {
    void read(standIn, res, resolve);
  });
  req.body = standIn.body as unknown;
  req.setTimeout(0);
  await storage.settled();
  standIn.destroy();
  // It calls some content types none of its own that Express calls multipart, reads nothing, and says that all is well.
  if (req.body === undefined) return failure({ reason: 'malformed' });
  if (error === undefined || error === null) return null;
  const refusal = session.refusal();
  return failure(refusal ?? failureOf(error, documents.limits.maxFiles));
}

/**
 * The request as multer reads it. multer waits for its end before it tells of an error, and whoever sends on would hear
 * late, or never, that it is refused: so this ends as soon as multer lets go of it. The rest is middleware/unread.ts's.
 */
function standInFor(req: Request): Request {
  const body = new StandIn();
  // multer listens only to what it reads, and only while it reads.
  body.on('error', () => undefined);
  req.once('error', () => body.destroy(new Error('Request closed')));
  req.once('close', () => {
    if (!req.readableEnded) body.destroy(new Error('Request closed'));
  });
  return Object.assign(req.pipe(body), { headers: req.headers }) as unknown as Request;
}

class StandIn extends PassThrough {
  override unpipe(...from: Parameters<PassThrough['unpipe']>): this {
    super.unpipe(...from);
    return this.destroy();
  }
}

function failureOf(error: unknown, maxFiles: number): ReceiveFailure {
  if (error instanceof UploadRefused) return error.failure;
  if (error instanceof ObjectStoreUnavailable) return { reason: 'storage_unavailable' };
  if (error instanceof MulterError) return { reason: 'invalid', errors: [multerWords(error, maxFiles)] };
  // multer's words for a client that went away; then busboy's for a body that it cannot read.
  if (error instanceof Error && /^Request (aborted|closed)$/.test(error.message))
    return { reason: 'aborted' };
  if (error instanceof Error && error.name === 'Error') return { reason: 'malformed' };
  throw error;
}

function multerWords({ code }: MulterError, maxFiles: number): { path: string; message: string } {
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
  // Nobody hears what becomes of it: who cancelled it must not find it stored.
  if (req.socket.destroyed) return failure({ reason: 'aborted' });
  // A long upload outlives sessions: whoever was signed in at its first byte must be so at its last.
  const before = actorOf(req, res).viewer;
  const { viewer } = await accounts.viewer(fromNodeHeaders(req.headers));
  if (viewer?.sessionId !== before.sessionId || viewer.userId !== before.userId) {
    return failure({ reason: 'signed_out' });
  }
  const { category } = req.body as { category?: unknown };
  return session.finish({ viewer, request: requestFacts(req, res) }, category);
}
