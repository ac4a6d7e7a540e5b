// Wraps multer-s3: lets the documents room check each file while it passes, and limits how much is being sent at once.
import { pipeline, Transform } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { StorageEngine } from 'multer';
import multerS3 from 'multer-s3';
import { freeBlock } from '../lib/blocks.ts';
import {
  ObjectStoreUnavailable,
  unavailable,
  type FileIntake,
  type UploadStorage,
} from '../ports/object-store.ts';
import { encryptionOf, type S3Connection } from './s3-object-store.ts';

/**
 * The most parts that this process sends at once. lib-storage sends up to four of one file; while several files are
 * being received, each sends one part at a time.
 */
const maxParts = 4;
/** Smaller buffers may be slices of a block that other code uses. */
const minBlockBytes = 1024 * 1024;

type Request = Parameters<StorageEngine['_handleFile']>[0];
type Done = (error?: unknown, info?: Partial<Express.Multer.File>) => void;

export function createS3UploadStorage(connection: S3Connection): UploadStorage {
  const traffic: Traffic = { files: 0, parts: 0, waiting: new Set() };
  return (intake) => {
    const underWay = new Set<Promise<void>>();
    const engine: StorageEngine = {
      _handleFile(req, file, done: Done) {
        const receiving = store({ ...connection, traffic }, intake, req, file, done);
        underWay.add(receiving);
        void receiving.finally(() => underWay.delete(receiving));
      },
      // The intake removes what was stored, also when multer does not know of it.
      _removeFile: (_req, _file, done) => done(null),
    };
    return {
      engine,
      async settled() {
        await Promise.all(underWay);
      },
    };
  };
}

async function store(
  connection: S3Connection & { traffic: Traffic },
  intake: FileIntake,
  req: Request,
  file: Express.Multer.File,
  done: Done,
): Promise<void> {
  let key: string;
  try {
    key = await receive(connection, intake, req, file);
  } catch (error) {
    // multer waits for the end of the file even after an error.
    file.stream.resume();
    return done(error);
  }
  done(null, { path: key });
}

async function receive(
  { client, settings, traffic }: S3Connection & { traffic: Traffic },
  intake: FileIntake,
  req: Request,
  file: Express.Multer.File,
): Promise<string> {
  const { key, content } = intake.admit(req, { originalName: file.originalname, stream: file.stream });
  const gate = createGate(traffic);
  traffic.files += 1;
  // Errors reach the reader of the gate.
  const paced = pipeline(content, gate.stream, () => undefined);
  const watched = watch(client, gate);
  const { ServerSideEncryption } = encryptionOf(settings);
  const storage = multerS3({
    s3: watched.client,
    bucket: settings.bucket,
    key: (_req, _file, answer) => answer(null, key),
    // We decide the type and keep it in the row; the bucket never serves anybody.
    contentType: (_req, _file, answer) => answer(null, 'application/octet-stream', paced),
    ...(ServerSideEncryption && { serverSideEncryption: ServerSideEncryption }),
  });
  const error = await new Promise<unknown>((resolve) => {
    // The two methods of a storage engine are named by multer.
    // oxlint-disable-next-line no-underscore-dangle
    storage._handleFile(req, file, resolve);
  });
  traffic.files -= 1;
  if (error === null || error === undefined) {
    gate.freePassed(Number.MAX_SAFE_INTEGER);
    return key;
  }
  const cause = gate.failure() ?? asStoreError(error);
  // Nobody reads the stream any more, so stop its source.
  paced.destroy();
  // Fails when it is already aborted, or when the store cannot be reached: then the sweep aborts it.
  await watched.abortOpenUpload().catch(() => undefined);
  throw cause;
}

/** Errors of the SDK and of sockets become ObjectStoreUnavailable; all others come from the file's stream. */
function asStoreError(error: unknown): unknown {
  const isStoreError =
    typeof error === 'object' && error !== null && ('$metadata' in error || 'code' in error);
  return isStoreError && !(error instanceof ObjectStoreUnavailable) ? unavailable(error) : error;
}

interface Gate {
  stream: Transform;
  /** Frees the memory of bytes that have passed, up to this place in the file. */
  freePassed(upTo: number): void;
  /** Why the source failed. */
  failure(): Error | null;
  partStarted(): void;
  partEnded(): void;
}

/** The files and parts that this process is sending, and the gates that wait for fewer of them. */
interface Traffic {
  files: number;
  parts: number;
  waiting: Set<() => void>;
}

/** Passes bytes only while few enough parts are being sent, of this file and of all files. */
function createGate(traffic: Traffic): Gate {
  let parts = 0;
  let held: (() => void) | null = null;
  let failure: Error | null = null;
  let total = 0;
  const passed: { end: number; bytes: Buffer }[] = [];
  const passOn = () => {
    if (parts >= (traffic.files > 1 ? 1 : maxParts) || traffic.parts >= maxParts) return;
    traffic.waiting.delete(passOn);
    const go = held;
    held = null;
    go?.();
  };
  const stream = new Transform({
    // lib-storage takes one piece after the other: of a stream of bytes it would get all that wait, joined to a copy.
    readableObjectMode: true,
    readableHighWaterMark: 1,
    transform(bytes: Buffer, _encoding, done) {
      held = () => {
        total += bytes.length;
        passed.push({ end: total, bytes });
        done(null, bytes);
      };
      traffic.waiting.add(passOn);
      passOn();
    },
    destroy(error, done) {
      failure = error;
      held = null;
      traffic.waiting.delete(passOn);
      done(error);
    },
  });
  return {
    stream,
    failure: () => failure,
    freePassed(upTo) {
      const kept = passed.findIndex(({ end }) => end > upTo);
      for (const { bytes } of passed.splice(0, kept < 0 ? passed.length : kept)) freeBlock(bytes);
    },
    partStarted: () => {
      parts += 1;
      traffic.parts += 1;
    },
    partEnded: () => {
      parts -= 1;
      traffic.parts -= 1;
      for (const wake of [...traffic.waiting]) wake();
    },
  };
}

/**
 * Frees the memory of sent parts early, because lib-storage keeps references to the last four parts of a file.
 * lib-storage copies the rest of a block when it joins the next part, so a block can be freed once its part was sent
 * and a later part, from another block, has started.
 */
function createPartBlocks() {
  const sent: { number: number; block: ArrayBufferLike }[] = [];
  let newest: { number: number; block: ArrayBufferLike | undefined } = { number: 0, block: undefined };
  const freeBlocks = () => {
    for (const one of sent.splice(0)) {
      const isFree = one.number < newest.number && one.block !== newest.block;
      if (!isFree) sent.push(one);
      else if (one.block instanceof ArrayBuffer) one.block.transfer(0);
    }
  };
  return {
    begin(number: number, body: unknown) {
      if (number > newest.number) newest = { number, block: Buffer.isBuffer(body) ? body.buffer : undefined };
      freeBlocks();
    },
    end(number: number, body: unknown) {
      if (Buffer.isBuffer(body) && body.byteLength >= minBlockBytes)
        sent.push({ number, block: body.buffer });
      freeBlocks();
    },
  };
}

interface Watched {
  client: S3Client;
  /** lib-storage leaves an upload open when completing it fails. */
  abortOpenUpload(): Promise<void>;
}

/** The client that multer-s3 uses: it counts parts while they are sent, and remembers the open upload. */
function watch(client: S3Client, gate: Gate): Watched {
  let open: { Bucket: string | undefined; Key: string | undefined; UploadId: string } | null = null;
  const blocks = createPartBlocks();
  const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
    if (command instanceof UploadPartCommand) {
      const { PartNumber: number = 0, Body: body } = command.input;
      gate.partStarted();
      blocks.begin(number, body);
      // lib-storage has joined all of it into the bodies of this part and those before; only the last one is shorter.
      if (Buffer.isBuffer(body)) gate.freePassed(number * body.byteLength);
      try {
        const answer = await client.send(command);
        // Not after a failure: a socket may still be reading the bytes.
        blocks.end(number, body);
        return answer;
      } finally {
        gate.partEnded();
      }
    }
    // multer-s3 sends an ACL, which buckets created since 2023 refuse.
    if (command instanceof PutObjectCommand) delete command.input.ACL;
    if (!(command instanceof CreateMultipartUploadCommand)) return client.send(command);
    delete command.input.ACL;
    const begun = await client.send(command);
    const { Bucket, Key } = command.input;
    if (begun.UploadId) open = { Bucket, Key, UploadId: begun.UploadId };
    return begun;
  };
  return {
    client: Object.create(client, { send: { value: send } }) as S3Client,
    async abortOpenUpload() {
      if (open) await client.send(new AbortMultipartUploadCommand(open));
    },
  };
}
