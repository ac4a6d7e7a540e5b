// The body of a request to S3: plain, or in the "aws-chunked" frames that carry a checksum in their trailer.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import type { IncomingMessage } from 'node:http';

export interface S3Body {
  bytes: AsyncIterable<Buffer>;
  /** Header or trailer, by its name in lower case; complete once the bytes have been read. */
  sent(name: string): string | undefined;
}

export class MalformedBody extends Error {}

export function bodyOf(req: IncomingMessage): S3Body {
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
  /** Of the frame that is being read; null between frames. */
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
        // The line end after a frame's bytes.
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
