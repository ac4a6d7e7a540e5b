import express, { type RequestHandler } from 'express';
import { badRequest, Problem } from '../problem.ts';

const limit = '100kb';

/** In so long any body but an upload has come in, over any line. */
const patienceMs = 60_000;

/** Signed bytes are read as they are, by their own route: no parser may touch them first. */
const rawPaths = new Set(['/webhooks/acuity', '/automation/acuity']);
// Forms have a field for each of Acuity's questions, of which an account can have hundreds. Their answers arrive
// percent-encoded: nine bytes for a letter of some scripts.
const ofForms = { limit: '500kb', parameterLimit: 1_000 };
const parsers = [express.json({ limit, strict: true }), express.urlencoded({ ...ofForms, extended: false })];

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
  // PostgreSQL holds neither a NUL in text nor half of a pair that makes one character, and no person types either.
  (req, _res, next) => {
    const fault = faultIn(req.body) ?? faultIn(req.query) ?? (req.path.includes('%00') ? nul : null);
    next(fault === null ? undefined : badRequest(fault));
  },
];

const nul = 'NUL characters are not allowed.';
const halfCharacter = 'The text holds half a character (a lone surrogate). Send whole ones.';

function faultIn(value: unknown, depth = 0): string | null {
  if (typeof value === 'string') return faultOf(value);
  if (typeof value !== 'object' || value === null || depth > 20) return null;
  for (const [key, inner] of Object.entries(value)) {
    const fault = faultOf(key) ?? faultIn(inner, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOf(text: string): string | null {
  if (text.includes('\u0000')) return nul;
  return text.isWellFormed() ? null : halfCharacter;
}
