// multer-s3, with a look at each file on its way and a limit to what is on its way at once.
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
import { ObjectStoreUnavailable, type FileIntake, type UploadStorage } from '../ports/object-store.ts';
import { encryptionOf, unavailable, type S3Connection } from './s3-object-store.ts';

/** On their way at once; lib-storage has four for one file. Of several files each waits for its own part to arrive. */
const maxParts = 4;
/** Smaller ones may be cut from a block that others use. */
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
      // What was stored is the intake's to take back, also when multer never hears of it.
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
    // multer waits for the file's end, whatever became of it.
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
  // Its outcome reaches whoever reads the gate.
  const paced = pipeline(content, gate.stream, () => undefined);
  const watched = watch(client, gate);
  const { ServerSideEncryption } = encryptionOf(settings);
  const storage = multerS3({
    s3: watched.client,
    bucket: settings.bucket,
    key: (_req, _file, answer) => answer(null, key),
    // The type is decided by us and kept in the row; nobody is ever served by the bucket.
    contentType: (_req, _file, answer) => answer(null, 'application/octet-stream', paced),
    ...(ServerSideEncryption && { serverSideEncryption: ServerSideEncryption }),
  });
  const error = await new Promise<unknown>((resolve) => {
    // The two methods of a storage engine are named by multer.
    // oxlint-disable-next-line no-underscore-dangle
    storage._handleFile(req, file, resolve);
  });
  traffic.files -= 1;
  if (error === null || error === undefined) return key;
  const cause = gate.failure() ?? asStoreError(error);
  // Nobody reads on: whoever writes must know.
  paced.destroy();
  // Absent, it was aborted already; unreachable, the sweeper will.
  await watched.abortLeftOpen().catch(() => undefined);
  throw cause;
}

/** The SDK's errors carry metadata; everything else came from the stream. */
function asStoreError(error: unknown): unknown {
  const isOfStore = typeof error === 'object' && error !== null && ('$metadata' in error || 'code' in error);
  return isOfStore && !(error instanceof ObjectStoreUnavailable) ? unavailable(error) : error;
}

interface Gate {
  stream: Transform;
  /** Why the source ended before its end. */
  failure(): Error | null;
  begin(): void;
  end(): void;
}

/** How many files and parts are on their way in this process, and who waits for there being fewer. */
interface Traffic {
  files: number;
  parts: number;
  waiting: Set<() => void>;
}

/** Lets bytes pass while few enough parts are on their way, of this file and of all. */
function createGate(traffic: Traffic): Gate {
  let parts = 0;
  let held: (() => void) | null = null;
  let failure: Error | null = null;
  const goOn = () => {
    if (parts >= (traffic.files > 1 ? 1 : maxParts) || traffic.parts >= maxParts) return;
    traffic.waiting.delete(goOn);
    const go = held;
    held = null;
    go?.();
  };
  const stream = new Transform({
    transform(bytes, _encoding, done) {
      held = () => done(null, bytes);
      traffic.waiting.add(goOn);
      goOn();
    },
    destroy(error, done) {
      failure = error;
      held = null;
      traffic.waiting.delete(goOn);
      done(error);
    },
  });
  return {
    stream,
    failure: () => failure,
    begin: () => {
      parts += 1;
      traffic.parts += 1;
    },
    end: () => {
      parts -= 1;
      traffic.parts -= 1;
      for (const wake of [...traffic.waiting]) wake();
    },
  };
}

/**
 * lib-storage keeps the last four parts of a file in its hands until it is given others: their bytes are let go as soon
 * as nobody reads them. What follows a part in the same block is copied when the next part is put together, so a block
 * is done with when its part has gone and a later one, from another block, has begun.
 */
function createPartBlocks() {
  const gone: { number: number; block: ArrayBufferLike }[] = [];
  let newest: { number: number; block: ArrayBufferLike | undefined } = { number: 0, block: undefined };
  const letGo = () => {
    for (const one of gone.splice(0)) {
      const isDone = one.number < newest.number && one.block !== newest.block;
      if (!isDone) gone.push(one);
      else if (one.block instanceof ArrayBuffer) one.block.transfer(0);
    }
  };
  return {
    begin(number: number, body: unknown) {
      if (number > newest.number) newest = { number, block: Buffer.isBuffer(body) ? body.buffer : undefined };
      letGo();
    },
    end(number: number, body: unknown) {
      if (Buffer.isBuffer(body) && body.byteLength >= minBlockBytes)
        gone.push({ number, block: body.buffer });
      letGo();
    },
  };
}

interface Watched {
  client: S3Client;
  /** lib-storage leaves an upload open when putting its parts together fails. */
  abortLeftOpen(): Promise<void>;
}

/** The client as multer-s3 sees it: parts are counted as they go, and what is opened is remembered. */
function watch(client: S3Client, gate: Gate): Watched {
  let open: { Bucket: string | undefined; Key: string | undefined; UploadId: string } | null = null;
  const blocks = createPartBlocks();
  const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
    if (command instanceof UploadPartCommand) {
      const { PartNumber: number = 0, Body: body } = command.input;
      gate.begin();
      blocks.begin(number, body);
      try {
        const answer = await client.send(command);
        // Of one that failed a socket may still be reading: its bytes are left to the garbage collector.
        blocks.end(number, body);
        return answer;
      } finally {
        gate.end();
      }
    }
    // multer-s3 asks for a list of rights, which buckets refuse since 2023.
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
    async abortLeftOpen() {
      if (open) await client.send(new AbortMultipartUploadCommand(open));
    },
  };
}
