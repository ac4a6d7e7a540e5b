// Fits AdminJS's page to our CSP: removes the font from another host, gives its two inline scripts a nonce.
import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import { ownOnly } from '../middleware/security.ts';

export function sendPage(res: Response, html: string): Response {
  const nonce = randomBytes(18).toString('base64');
  // styled-components adds style elements.
  const more = "style-src 'self' 'unsafe-inline';img-src 'self' data:;font-src 'self' data:";
  res.set('Content-Security-Policy', `${ownOnly};script-src 'self' 'nonce-${nonce}';${more}`);
  return res.type('html').send(withNonce(html, nonce));
}

/** Adds the nonce at the two known places only: data in the page may contain script tags too. */
function withNonce(html: string, nonce: string): string {
  const parts = html
    .replace(/<link[^>]*fonts\.googleapis\.com[^>]*>/, '')
    .split(/(<head>\s*|<div id="app" \/>\s*)<script>/);
  if (parts.length !== 5)
    throw new Error('AdminJS’s page does not have exactly two inline scripts where they are expected');
  const [before, head, middle, app, after] = parts;
  return `${before}${head}<script nonce="${nonce}">${middle}${app}<script nonce="${nonce}">${after}`;
}

interface Answer {
  notice?: { type?: string; message?: string };
  record?: { baseError?: { type?: string } | null };
}

/** AdminJS answers 200 when it refuses; this finds the real status. */
export function statusOf(body: unknown): number {
  const { notice, record } = (body ?? {}) as Answer;
  const type = record?.baseError?.type;
  if (type === 'ForbiddenError') return 403;
  if (type === 'NotFoundError') return 404;
  // Any other error of a read means that the record does not exist.
  return notice?.type === 'error' ? 404 : 200;
}
