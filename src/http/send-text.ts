// Sends pages and JSON as Express does (ETag, 304, HEAD), but sets the content type once; Express reads and writes it
// several times.
import { hash } from 'node:crypto';
import type { Express, Response } from 'express';

const html = 'text/html; charset=utf-8';
const json = 'application/json; charset=utf-8';

const withoutBody = new Set([204, 205, 304]);

/** Replaces what `res.json`, `res.render` and `res.send` of a text do. */
export function installSendText(app: Express): void {
  app.set('etag', tagOf);
  const { response } = app;
  const sendAny = response.send;
  response.send = function send(this: Response, body?: unknown) {
    const type = this.getHeader('Content-Type');
    const isOurs = typeof body === 'string' && (type === undefined || type === html || type === json);
    if (!isOurs) return sendAny.call(this, body);
    if (type === undefined) this.setHeader('Content-Type', html);
    const length = Buffer.byteLength(body);
    const { method } = this.req;
    const isRead = method === 'GET' || method === 'HEAD';
    if (isRead && !this.hasHeader('ETag')) this.setHeader('ETag', tag(body, length));
    if (method === 'HEAD' || this.req.fresh || withoutBody.has(this.statusCode))
      return sendAny.call(this, body);
    this.setHeader('Content-Length', length);
    // Node sends a text together with the headers, and plain ASCII without another copy.
    return this.end(body, length === body.length ? 'latin1' : 'utf8');
  };
  response.json = function sendJson(this: Response, body?: unknown) {
    if (!this.hasHeader('Content-Type')) this.setHeader('Content-Type', json);
    return this.send(JSON.stringify(body));
  };
}

/** Weak: it stays the same when the body is compressed. */
function tagOf(body: Buffer): string {
  return tag(body, body.length);
}

function tag(body: string | Buffer, length: number): string {
  return `W/"${length.toString(16)}-${hash('sha1', body, 'base64url')}"`;
}
