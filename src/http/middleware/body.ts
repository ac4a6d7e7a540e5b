import express, { type RequestHandler } from 'express';
import { badRequest, Problem } from '../problem.ts';

const limit = '100kb';

/** In so long any body but an upload has come in, over any line. */
const patienceMs = 60_000;

/** Signed bytes are read as they are, by their own route: no parser may touch them first. */
const rawPaths = new Set(['/webhooks/acuity', '/automation/acuity']);
const parsers = [
  express.json({ limit, strict: true }),
  express.urlencoded({ limit, extended: false, parameterLimit: 200 }),
];

export const readBody: RequestHandler[] = [
  (req, res, next) => {
    const hasBody = req.get('transfer-encoding') !== undefined || Number(req.get('content-length') ?? 0) > 0;
    if (!hasBody || req.is('multipart')) return next();
    const tooLate = setTimeout(() => void (req.complete || req.destroy()), patienceMs);
    res.once('close', () => clearTimeout(tooLate));
    if (rawPaths.has(req.path)) return next();
    if (req.is(['json', 'urlencoded'])) return next();
    next(
      new Problem(
        'unsupported_type',
        'Send JSON (application/json) or a form (application/x-www-form-urlencoded).',
      ),
    );
  },
  ...parsers.map(
    (parser): RequestHandler =>
      (req, res, next) =>
        rawPaths.has(req.path) ? next() : parser(req, res, next),
  ),
  // PostgreSQL cannot hold a NUL in text, and no person types one.
  (req, _res, next) => {
    next(
      holdsNul(req.body) || holdsNul(req.query) || req.path.includes('%00')
        ? badRequest('NUL characters are not allowed.')
        : undefined,
    );
  },
];

function holdsNul(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.includes('\u0000');
  if (typeof value !== 'object' || value === null || depth > 20) return false;
  return Object.entries(value).some(([key, inner]) => key.includes('\u0000') || holdsNul(inner, depth + 1));
}
