// An S3 stand-in over files for npm start and the tests: the part of the protocol that Examdesk uses, checked as
// strictly as S3 does. test/adapters/s3-contract.test.ts lists it, and can run against a real bucket.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir } from 'node:fs/promises';
import type { LifecycleRule } from '../../ports/object-store.ts';
import { createS3Files, type S3Files } from './files.ts';
import { answerCors, type CorsRule } from './cors.ts';
import { answerTo } from './operations.ts';
import { MalformedBody, type BodyFault, type S3Call } from './requests.ts';
import { lifecycleXml, S3Fault, xmlFault } from './xml.ts';
import { checkSignature, type Credentials } from './signature.ts';

export interface S3ServerOptions extends Credentials {
  directory: string;
  /** 0 or unset: a free port. */
  port?: number;
  buckets?: string[];
  /** Which pages may send to presigned addresses; unset: none. */
  cors?: CorsRule[];
  /** Of each bucket; unset: none. They are returned, never applied. */
  lifecycle?: readonly LifecycleRule[];
  /** Neither requires nor lists SHA-256 hashes of parts, as some stores do. */
  omitsPartHashes?: boolean;
}

type Fault = 'drop' | { status: number; code: string } | BodyFault | undefined;

/** For tests: injects a fault before a request is handled. `drop` closes the connection. */
export type S3FaultInjector = (call: {
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
}) => Promise<Fault> | Fault;

export interface S3Server {
  url: string;
  files: S3Files;
  /** Called before each request; null: no faults. */
  injectFault: S3FaultInjector | null;
  /** How many answers are being sent. */
  answering: number;
  close(): Promise<void>;
}

export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const files = createS3Files(options.directory);
  for (const bucket of options.buckets ?? []) await files.createBucket(bucket);
  if (options.lifecycle)
    for (const bucket of options.buckets ?? [])
      await files.setLifecycle(bucket, lifecycleXml(options.lifecycle));
  const server = createServer({ requestTimeout: 0 });
  const running: S3Server = {
    url: '',
    files,
    injectFault: null,
    answering: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  server.on('request', (req, res) => {
    running.answering += 1;
    res.once('close', () => {
      running.answering -= 1;
    });
    void answer(running, options, req, res);
  });
  await listen(server, options.port ?? 0);
  running.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return running;
}

async function answer(
  running: S3Server,
  options: S3ServerOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  res.on('error', () => undefined);
  try {
    if (answerCors(req, res, options.cors ?? [])) return;
    const call = callOf(req);
    const fault = await running.injectFault?.(call);
    if (fault === 'drop') return void req.socket.destroy();
    if (fault && 'status' in fault) throw new S3Fault(fault.status, fault.code);
    const refused = checkSignature(req, options);
    if (refused) throw new S3Fault(refused === 'AuthorizationQueryParametersError' ? 400 : 403, refused);
    const { omitsPartHashes = false } = options;
    await answerTo(running.files, { ...call, req, res, bodyFault: fault, omitsPartHashes });
  } catch (error) {
    refuse(req, res, error);
  }
}

function callOf(req: IncomingMessage): Pick<S3Call, 'method' | 'bucket' | 'key' | 'query'> {
  const url = new URL(req.url ?? '/', 'http://s3');
  const [, bucket = '', ...rest] = url.pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (bucket !== '' && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new S3Fault(400, 'InvalidBucketName');
  }
  // Keys become file names, which have at most 255 bytes.
  if (encodeURIComponent(key).length > 200) throw new S3Fault(400, 'KeyTooLongError');
  return { method: req.method ?? 'GET', bucket, key, query: url.searchParams };
}

function refuse(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  if (res.headersSent || req.socket.destroyed) return void res.destroy();
  const fault =
    error instanceof S3Fault
      ? error
      : error instanceof MalformedBody
        ? new S3Fault(400, 'IncompleteBody')
        : new S3Fault(500, 'InternalError');
  // Does not wait for the rest of the body.
  if (!req.complete) res.setHeader('Connection', 'close');
  res.writeHead(fault.status, { 'Content-Type': 'application/xml' });
  res.end(req.method === 'HEAD' ? undefined : xmlFault(fault));
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
