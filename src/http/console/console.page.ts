// AdminJS's page made fit for a strict policy: no font from elsewhere, its two inline scripts under a nonce.
import { randomBytes } from 'node:crypto';
import type { Response } from 'express';

export function sendPage(res: Response, html: string): void {
  const nonce = randomBytes(18).toString('base64');
  res.set(
    'Content-Security-Policy',
    [
      "default-src 'self'",
      `script-src 'self' 'nonce-${nonce}'`,
      // styled-components writes its styles into the page.
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      "connect-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
  );
  res.type('html').send(hardened(html, nonce));
}

/** Only at the two known places: data in the page could carry a script tag as well. */
function hardened(html: string, nonce: string): string {
  const parts = html
    .replace(/<link[^>]*fonts\.googleapis\.com[^>]*>/, '')
    .split(/(<head>\s*|<div id="app" \/>\s*)<script>/);
  if (parts.length !== 5) throw new Error('The page of AdminJS has another shape than the one we know');
  const [before, head, middle, app, after] = parts;
  return `${before}${head}<script nonce="${nonce}">${middle}${app}<script nonce="${nonce}">${after}`;
}

interface Answer {
  notice?: { type?: string; message?: string };
  record?: { baseError?: { type?: string } | null };
}

/** AdminJS says 200 to what it refuses. */
export function statusOf(body: unknown): number {
  const { notice, record } = (body ?? {}) as Answer;
  const type = record?.baseError?.type;
  if (type === 'ForbiddenError') return 403;
  if (type === 'NotFoundError') return 404;
  // The rest of what reading can run into: a record that is not there.
  return notice?.type === 'error' ? 404 : 200;
}
