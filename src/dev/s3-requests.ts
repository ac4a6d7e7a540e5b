// What requests to the small S3 have in common: bodies checked against what was said of them, headers, XML.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf } from './s3-body.ts';
import type { ObjectRecord, S3Files, Written } from './s3-files.ts';
import { S3Fault } from './s3-faults.ts';

/**
 * For tests: so many bytes of an object come, and then no more; `breaks`: nor does the connection stay. `drips`: all of
 * them come, a piece at a time.
 */
export type BodyTrouble = { body: 'stalls' | 'breaks'; after: number } | { body: 'drips'; everyMs: number };

export interface S3Call {
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  req: IncomingMessage;
  res: ServerResponse;
  bodyTrouble: BodyTrouble | undefined;
  keepsNoPartHashes: boolean;
}

const metadataPrefix = 'x-amz-meta-';

/** As S3 writes it. */
export function sha256Of({ sha256 }: Written): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

/** As every new bucket does: its owner owns what is in it, and lists of rights are switched off. */
export function refuseAcl(req: IncomingMessage): void {
  if (req.headers['x-amz-acl'] !== undefined) throw new S3Fault(400, 'AccessControlListNotSupported');
}

/** The body as a file, when it is what its length, its hash and its checksums say. */
export async function receive(files: S3Files, req: IncomingMessage): Promise<Written> {
  const mode = req.headers['x-amz-content-sha256'];
  if (typeof mode === 'string' && mode.startsWith('STREAMING-AWS4')) throw new S3Fault(501, 'NotImplemented');
  const body = bodyOf(req);
  const written = await files.write(body.bytes);
  const wrong = faultOf(written, (name) => body.sent(name), mode);
  if (!wrong) return written;
  await files.dropBytes([written]);
  throw new S3Fault(400, wrong);
}

function faultOf(
  written: Written,
  sent: (name: string) => string | undefined,
  mode: string | string[] | undefined,
): string | null {
  const length = sent('x-amz-decoded-content-length') ?? sent('content-length');
  if (length !== undefined && Number(length) !== written.size) return 'IncompleteBody';
  const crc = sent('x-amz-checksum-crc32');
  if (crc !== undefined && crc !== written.crc32) return 'BadDigest';
  const sha = sent('x-amz-checksum-sha256');
  if (sha !== undefined && sha !== sha256Of(written)) return 'BadDigest';
  const md5 = sent('content-md5');
  if (md5 !== undefined && md5 !== Buffer.from(written.md5, 'hex').toString('base64')) return 'BadDigest';
  const isHash = typeof mode === 'string' && /^[0-9a-f]{64}$/.test(mode);
  return isHash && mode !== written.sha256 ? 'XAmzContentSHA256Mismatch' : null;
}

export function describedBy(req: IncomingMessage): Pick<ObjectRecord, 'contentType' | 'sse' | 'metadata'> {
  const metadata = Object.entries(req.headers).filter(([name]) => name.startsWith(metadataPrefix));
  return {
    contentType: headerOf(req, 'content-type') ?? 'application/octet-stream',
    sse: headerOf(req, 'x-amz-server-side-encryption') ?? null,
    metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice(metadataPrefix.length), String(value)]),
    ),
  };
}

export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Of the few requests that carry XML. */
export async function textOf(req: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bodyOf(req).bytes) {
    size += piece.length;
    if (size > 1024 * 1024) throw new S3Fault(400, 'MalformedXML');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

export function sendXml(res: ServerResponse, document: string): void {
  res.writeHead(200, { 'Content-Type': 'application/xml' }).end(document);
}
