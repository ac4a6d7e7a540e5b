// What requests to the S3 stand-in have in common: headers, XML, and bodies, compared with their announced hashes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectRecord, S3Files, Written } from './files.ts';
import { S3Fault } from './xml.ts';

/**
 * For tests: the answer sends `after` bytes of the object, and then nothing more (`stalls`) or closes the connection
 * (`breaks`). `drips`: it sends all bytes, slowly.
 */
export type BodyFault = { body: 'stalls' | 'breaks'; after: number } | { body: 'drips'; everyMs: number };

export interface S3Call {
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  req: IncomingMessage;
  res: ServerResponse;
  bodyFault: BodyFault | undefined;
  omitsPartHashes: boolean;
}

const metadataPrefix = 'x-amz-meta-';

/** In base64, as S3 writes it. */
export function sha256Of({ sha256 }: Written): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

/** New buckets have "bucket owner enforced" and refuse ACLs. */
export function refuseAcl(req: IncomingMessage): void {
  if (req.headers['x-amz-acl'] !== undefined) throw new S3Fault(400, 'AccessControlListNotSupported');
}

/** Writes the body to a file; fails when it differs from its announced length, hash or checksums. */
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

/** For the few requests that carry XML. */
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

/** Plain, or in the "aws-chunked" frames that carry a checksum in their trailer. */
interface S3Body {
  bytes: AsyncIterable<Buffer>;
  /** A header or trailer, by its name in lower case. Trailers are known once the bytes have been read. */
  sent(name: string): string | undefined;
}

export class MalformedBody extends Error {}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
function bodyOf(req: IncomingMessage): S3Body {
  const trailers = new Map<string, string>();
  const isFramed = req.headers['x-amz-content-sha256'] === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const source = req as AsyncIterable<Buffer>;
  return {
    bytes: isFramed ? unframe(source, trailers) : source,
    sent(name) {
      const header = req.headers[name];
      return trailers.get(name) ?? (typeof header === 'string' ? header : undefined);
    },
  };
}

async function* unframe(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  /** Bytes left in the current frame; null between frames. */
  let left: number | null = null;
  let isTrailer = false;
  for await (const piece of source) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    while (held.length > 0) {
      if (left !== null && left > 0) {
        const part = held.subarray(0, left);
        left -= part.length;
        held = held.subarray(part.length);
        yield part;
        continue;
      }
      const end = held.indexOf('\r\n');
      if (end < 0) break;
      const line = held.toString('latin1', 0, end);
      held = held.subarray(end + 2);
      if (left === 0) {
        // The line break after a frame's bytes.
        if (line !== '') throw new MalformedBody('A frame is longer than it says');
        left = null;
      } else if (isTrailer) {
        const [name = '', value = ''] = line.split(':');
        if (line !== '') trailers.set(name.trim().toLowerCase(), value.trim());
      } else {
        const size = Number.parseInt(line, 16);
        if (!/^[0-9a-f]+(;|$)/i.test(line) || !Number.isSafeInteger(size))
          throw new MalformedBody('No frame');
        if (size === 0) isTrailer = true;
        else left = size;
      }
    }
  }
  if (!isTrailer) throw new MalformedBody('The body ends within a frame');
}
