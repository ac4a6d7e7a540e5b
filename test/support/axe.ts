// axe for the pages of the tests' servers. Loaded from there the browser keeps it compiled, for a third of the time that
// its source takes in each document.
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

export const axePath = '/axe.min.js';
let source: string | undefined;

export function axeSource(): string {
  return (source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
}

/** @returns whether the request was for axe */
export function serveAxe({ url }: IncomingMessage, res: ServerResponse): boolean {
  if (url !== axePath) return false;
  res.setHeader('Content-Type', 'text/javascript').setHeader('Cache-Control', 'max-age=31536000, immutable');
  res.end(axeSource());
  return true;
}
