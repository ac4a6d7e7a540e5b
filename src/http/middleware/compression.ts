// Compresses pages, fragments and JSON when they are sent. Documents and exports, which are streamed, are not compressed.
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
 * Whether another site made the browser send the request. Such answers are not compressed. A site that can choose a part of
 * the page (a search word) and see the lengths on the wire could otherwise guess the rest letter by letter (BREACH).
 * Browsers without Sec-Fetch-Site are older than 2023; they send the session's cookie from another site only with a visible
 * change of page (SameSite=Lax).
 */
function isFromElsewhere(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/**
 * Compresses synchronously. A list takes 0.1 ms, mostly to set up the encoder, and handing it to another thread takes as
 * long. Quality 4 would save 15 % more bytes and take half as long again. Only the console's page is large: its half
 * megabyte describes every list, and is repetitive.
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
