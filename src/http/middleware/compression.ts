// Compresses pages, fragments and JSON as they are sent. Files in pieces (documents, exports) pass as they are.
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Request, RequestHandler } from 'express';
import { codingFor, isWorthCompressing, type Coding } from '../content-coding.ts';

const mostBytes = 2_000_000;
export const compression: RequestHandler = (req, res, next) => {
  const coding = codingFor(req.headers['accept-encoding']);
  if (!coding || isFromElsewhere(req)) return next();
  const end = res.end.bind(res) as (...args: unknown[]) => typeof res;
  const compressed = (body: unknown, encoding: unknown): unknown => {
    if (res.headersSent || res.hasHeader('Content-Encoding')) return body;
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) return body;
    const bytes = typeof body === 'string' ? Buffer.from(body, encoding as BufferEncoding) : body;
    const type = String(res.getHeader('Content-Type'));
    if (!isWorthCompressing(type, bytes.length) || bytes.length > mostBytes) return body;
    const smaller = compress(bytes, coding);
    res.setHeader('Content-Encoding', coding);
    res.setHeader('Content-Length', smaller.length);
    return smaller;
  };
  res.end = (body?: unknown, encoding?: unknown, done?: unknown) =>
    end(compressed(body, encoding), encoding, done);
  next();
};

/**
 * Whether another site made the browser ask. Such answers are sent as they are: a site that chooses a part of the page (a
 * search word) and sees the lengths on the wire could guess the rest, letter by letter, when both are compressed
 * together (BREACH). Browsers without Sec-Fetch-Site are older than 2023; they send the session's cookie from another
 * site only with a visible change of page (SameSite=Lax).
 */
function isFromElsewhere(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/**
 * At once, on this thread: a list takes 0.1 ms, most of it to set the encoder up, and handing it to another thread as much.
 * Quality 4 would save 15 % more bytes for half as much time again. Only the console's page is large: it describes every
 * list, and repeats itself over half a megabyte.
 */
function compress(bytes: Buffer, coding: Coding): Buffer {
  const isLarge = bytes.length > 200_000;
  if (coding === 'gzip') return gzipSync(bytes, { level: isLarge ? 6 : 1 });
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: isLarge ? 4 : 1,
      // Small windows take less memory to set up.
      [constants.BROTLI_PARAM_LGWIN]: isLarge ? 20 : 16,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
