// A small S3 over files for npm start and the tests: what Examdesk uses of the protocol, checked as strictly as the
// real one does. test/adapters/s3-contract.test.ts lists it, and can be pointed at a real bucket.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir } from 'node:fs/promises';
import type { LifecycleRule } from '../../ports/object-store.ts';
import { createS3Files, type S3Files } from './files.ts';
import { answerCors, type CorsRule } from './cors.ts';
import { answerTo } from './operations.ts';
import { MalformedBody, type BodyTrouble, type S3Call } from './requests.ts';
import { lifecycleXml, S3Fault, xmlFault } from './xml.ts';
import { checkSignature, type Credentials } from './signature.ts';

export interface S3ServerOptions extends Credentials {
  directory: string;
  /** 0 or unset: any free one. */
  port?: number;
  buckets?: string[];
  /** Which pages may send to presigned addresses; unset: none. */
  cors?: CorsRule[];
  /** Of each bucket; unset: none. Nobody follows them. */
  lifecycle?: readonly LifecycleRule[];
  /** As some stores do: SHA-256 hashes of parts are neither asked for nor told. */
  keepsNoPartHashes?: boolean;
}

type Trouble = 'drop' | { status: number; code: string } | BodyTrouble | undefined;

/** For tests: what becomes of a request before it is looked at. `drop` breaks the connection. */
export type S3Trouble = (call: {
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
}) => Promise<Trouble> | Trouble;

export interface S3Server {
  url: string;
  files: S3Files;
  /** Until it is set again, each request is asked for first. */
  trouble: S3Trouble | null;
  /** How many answers are on their way. */
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
    trouble: null,
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
    const trouble = await running.trouble?.(call);
    if (trouble === 'drop') return void req.socket.destroy();
    if (trouble && 'status' in trouble) throw new S3Fault(trouble.status, trouble.code);
    const fault = checkSignature(req, options);
    if (fault) throw new S3Fault(fault === 'AuthorizationQueryParametersError' ? 400 : 403, fault);
    const { keepsNoPartHashes = false } = options;
    await answerTo(running.files, { ...call, req, res, bodyTrouble: trouble, keepsNoPartHashes });
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
  // A file's name holds 255 bytes.
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
  // What is still on its way is not waited for.
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
